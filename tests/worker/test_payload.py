"""Payload frames, read by the library's own parser."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from householdd.worker import payload


def parsed(parts: list[bytes | memoryview]) -> list[Frame]:
    """The frames that a client sees."""
    protocol = ClientProtocol(parse_uri("ws://test.example/"), state=OPEN, max_size=None)
    for part in parts:
        protocol.receive_data(bytes(part))
    assert protocol.parser_exc is None
    return [event for event in protocol.events_received() if isinstance(event, Frame)]


@given(st.integers(min_value=1, max_value=2_000_000))
def test_frames_carry_exactly_the_bytes_asked_for(count: int) -> None:
    frames = parsed(payload.frames(count))
    assert sum(len(frame.data) for frame in frames) == count
    assert all(frame.opcode is Opcode.BINARY and frame.fin for frame in frames)
    assert all(0 < len(frame.data) <= payload.FRAME_BYTES for frame in frames)


@pytest.mark.parametrize(
    "count", [0, 1, payload.FRAME_BYTES - 1, payload.FRAME_BYTES, payload.FRAME_BYTES + 1, 16 * payload.FRAME_BYTES]
)
def test_no_frame_more_than_needed(count: int) -> None:
    assert len(parsed(payload.frames(count))) == -(-count // payload.FRAME_BYTES)


def test_a_full_frame_is_a_full_tls_record() -> None:
    assert len(payload.portion(payload.FRAME_BYTES)) == 2**14


def test_payload_does_not_compress() -> None:
    (data,) = payload.frames(payload.FRAME_BYTES)
    assert len(zlib.compress(data)) > 0.99 * len(data)
