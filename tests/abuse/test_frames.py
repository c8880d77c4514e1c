"""WebSocket frames of clients that mean harm."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from household.v1 import session_pb2 as pb
from householdd.session.session import UNASKED_GRACE_BYTES
from tests.abuse.conftest import OpenSession
from tests.abuse.wire import Wire, status
from tests.daemon import Daemon
from tests.worker import sessions
from tests.worker.raw_client import RawClient


def send(raw: RawClient, data: bytes, times: int = 1) -> None:
    """Sends as much as the server takes before it ends the connection."""
    for _ in range(times):
        try:
            raw.socket.sendall(data)
        except OSError:
            return


def ended(daemon: Daemon, raw: RawClient, session_id: str, reason: str) -> pb.Session:
    """The session once it has ended for ``reason``."""
    # The client takes the close frame and goes, so that nobody waits for the deadline.
    raw.read(lambda: raw.protocol.close_rcvd)
    raw.close()
    session = sessions.closed(daemon, session_id)
    assert pb.CloseReason.Name(session.close_reason) == f"CLOSE_REASON_{reason}", session
    return session


def header(opcode: int, length: int) -> bytes:
    """The header of a masked frame that claims to be so long, RFC 6455 section 5.2."""
    return bytes([0x80 | opcode, 0xFF]) + struct.pack("!Q", length) + bytes(4)


def frame(first: int, data: bytes, *, masked: bool = True) -> bytes:
    """A frame with any first byte: its end, reserved bits and opcode. The mask is 0."""
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    return bytes([first, length[0] | (0x80 if masked else 0)]) + length[1:] + (bytes(4) if masked else b"") + data


@pytest.mark.parametrize("length", [256 * 1024 + 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_frame_that_claims_to_be_too_long_ends_the_session_unread(
    target: Daemon, enter: OpenSession, length: int
) -> None:
    raw = enter()
    session_id = raw.session_id
    send(raw, header(2, length))
    assert ended(target, raw, session_id, "PROTOCOL_ERROR").received_bytes == 0


def test_a_message_that_never_ends_is_ended(target: Daemon, enter: OpenSession) -> None:
    raw = enter()
    session_id = raw.session_id
    send(raw, Frame(Opcode.TEXT, b'{"type": "', fin=False).serialize(mask=True))
    # One byte each: within the limit of a text message for long, but not within that of frames.
    send(raw, Frame(Opcode.CONT, b"x", fin=False).serialize(mask=True) * 1000, 20)
    assert ended(target, raw, session_id, "FLOODING").close_detail == "more than 500 frames a second"


def test_a_binary_message_without_end_is_bounded_as_a_whole(target: Daemon, enter: OpenSession) -> None:
    raw = enter()
    session_id = raw.session_id
    send(raw, Frame(Opcode.BINARY, bytes(60_000), fin=False).serialize(mask=True))
    send(raw, Frame(Opcode.CONT, bytes(60_000), fin=False).serialize(mask=True), 20)
    assert ended(target, raw, session_id, "PROTOCOL_ERROR").received_bytes <= 256 * 1024


def test_more_upload_than_was_asked_for_waits_at_the_client(target: Daemon, enter: OpenSession) -> None:
    raw = enter("jake")
    session_id = raw.session_id
    chunk = Frame(Opcode.BINARY, os.urandom(60_000)).serialize(mask=True)
    raw.socket.settimeout(3)
    # TCP pushes back: of 30 MB no more than the buffers of both ends are taken.
    with pytest.raises(TimeoutError):
        raw.socket.sendall(chunk * 500)
    session = sessions.get(target, session_id)
    # It reads nothing, so its buffer is full, and that is all that is wrong with it.
    assert session.state in (pb.SESSION_STATE_ACTIVE, pb.SESSION_STATE_QUIET)
    # What jake is asked for in the time a busy machine takes for these is little beside the grace.
    assert UNASKED_GRACE_BYTES < session.received_bytes < 2 * UNASKED_GRACE_BYTES
    raw.close()
    assert sessions.closed(target, session_id).close_reason == pb.CLOSE_REASON_CONNECTION_LOST


def test_a_probe_is_asked_for_nothing_and_may_upload_next_to_nothing(target: Daemon, enter: OpenSession) -> None:
    raw = enter("probe")
    session_id = raw.session_id
    send(raw, Frame(Opcode.BINARY, bytes(60_000)).serialize(mask=True), 500)
    received = ended(target, raw, session_id, "EXCESS_UPLOAD").received_bytes
    assert UNASKED_GRACE_BYTES < received < UNASKED_GRACE_BYTES + 256 * 1024


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (Frame(Opcode.PING, bytes(125)), "FLOODING"),
        (Frame(Opcode.PONG, b""), "FLOODING"),
        (Frame(Opcode.TEXT, b"{}"), "MALFORMED"),
    ],
)
def test_a_flood_is_ended(target: Daemon, enter: OpenSession, frame: Frame, reason: str) -> None:
    raw = enter(receive_buffer=8192)
    session_id = raw.session_id
    send(raw, frame.serialize(mask=True) * 1000, 100)
    ended(target, raw, session_id, reason)


@pytest.mark.parametrize(
    "data",
    [
        frame(0xC1, b"\xff" * 100),
        frame(0xA2, b""),
        frame(0x81, b"{}", masked=False),
        frame(0x89, bytes(126)),
        frame(0x09, b""),
        frame(0x88, b"x"),
        frame(0x83, b""),
        frame(0x8B, b""),
        frame(0x88, struct.pack("!H", 1005)),
        frame(0x88, struct.pack("!H", 5000)),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=[
        *("compressed", "reserved bit", "unmasked", "long ping", "fragmented ping", "close of one byte"),
        *("reserved opcode", "reserved control opcode", "forbidden close code", "unknown close code", "HTTP"),
    ],
)
def test_what_is_no_websocket_ends_the_session(target: Daemon, enter: OpenSession, data: bytes) -> None:
    raw = enter()
    session_id = raw.session_id
    send(raw, data)
    ended(target, raw, session_id, "NOT_WEBSOCKET")


@pytest.mark.parametrize(
    "offer",
    [b"permessage-deflate", b"permessage-deflate; client_max_window_bits=15", b"x-webkit-deflate-frame", b"a" * 4000],
)
def test_compression_is_not_agreed_to(target: Daemon, offer: bytes) -> None:
    with Wire(target, target.tls) as wire:
        wire.send(
            b"GET /ws/virtual-household/alex HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Extensions: " + offer + b"\r\n\r\n"
        )
        answer = wire.socket.recv(65536)
    assert status(answer) == 101
    assert b"sec-websocket-extensions" not in answer.partition(b"\r\n\r\n")[0].lower()


FRAMES = st.builds(
    frame,
    st.sampled_from([0x81, 0x82, 0x80, 0x00, 0x01, 0x02, 0x89, 0x8A]) | st.integers(0, 255),
    st.binary(max_size=200),
    masked=st.sampled_from([True, True, True, False]),
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(FRAMES | st.binary(max_size=20), max_size=30))
def test_any_bytes_leave_the_server_whole(target: Daemon, parts: list[bytes]) -> None:
    raw = RawClient(target, "alex")
    session_id = raw.session_id
    send(raw, b"".join(parts))
    raw.reset()
    assert sessions.closed(target, session_id).close_reason != pb.CLOSE_REASON_INTERNAL
