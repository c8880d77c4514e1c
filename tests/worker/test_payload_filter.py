"""What is taken out of a client's stream before the library sees it: payload, and nothing else."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from householdd.worker.payload_filter import MAX_MESSAGE_BYTES, SLICE_BYTES, PayloadFilter
from tests.worker.filter_inputs import alone, filtered, opened
from tests.worker.streams import BROKEN, FRAMES, MESSAGES, cut, serialised


@given(
    frames=st.lists(MESSAGES, max_size=8).map(chain.from_iterable).map(list),
    last=st.none() | FRAMES.map(serialised) | BROKEN,
    places=st.lists(st.integers(0, 2**20), max_size=12),
)
def test_it_comes_to_the_same_as_the_library_alone(frames: list[bytes], last: bytes | None, places: list[int]) -> None:
    pieces = cut(b"".join([*frames, *([] if last is None else [last])]), places)
    found, problem = alone(pieces)
    assert filtered(pieces)[:2] == (found, problem)
    # The premise: all were understood but the last.
    assert len(found) >= len(frames)


def test_a_whole_message_within_another_is_for_the_library_to_refuse() -> None:
    frames = [Frame(Opcode.TEXT, b"{", fin=False), Frame(Opcode.BINARY, b"ab"), Frame(Opcode.CONT, b"}")]
    found, problem, _ = filtered(map(serialised, frames))
    assert found == [(Opcode.TEXT, False, b"{")]
    assert problem == "expected a continuation frame"


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_it_comes_to_the_same_however_it_is_cut(step: int) -> None:
    frames = [
        Frame(Opcode.BINARY, bytes(70_000)),
        Frame(Opcode.PING, b"ab"),
        Frame(Opcode.BINARY, b""),
        Frame(Opcode.BINARY, bytes(300), fin=False),
        Frame(Opcode.CONT, bytes(5)),
        Frame(Opcode.TEXT, b"{}"),
        Frame(Opcode.BINARY, bytes(125)),
    ]
    data = b"".join(map(serialised, frames))
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    found, problem, _ = filtered(pieces)
    assert (found, problem) == alone(pieces)
    # The premise: all of them were understood.
    assert len(found) == len(frames)


def test_the_library_sees_nothing_of_payload() -> None:
    message = serialised(Frame(Opcode.TEXT, b"{}"))
    upload = serialised(Frame(Opcode.BINARY, bytes(64 * 1024)))
    found, _, seen = filtered([upload + message + upload + upload[:9], upload[9:] + message])
    assert [each[0] for each in found] == ["payload", Opcode.TEXT, "payload", "payload", Opcode.TEXT]
    assert seen == 2 * len(message)


@pytest.mark.parametrize("head", [b"\x81\x00", b"\x8a\x80\x00\x00\x00\x00"], ids=["unmasked", "pongs"])
def test_the_library_judges_a_slice_before_more_is_followed(head: bytes) -> None:
    data = memoryview(head * (256 * 1024 // len(head)))
    parts = list(PayloadFilter().split(data))
    assert all(isinstance(part, memoryview) and len(part) < SLICE_BYTES + len(head) for part in parts)
    assert b"".join(part for part in parts if not isinstance(part, int)) == data


def test_the_largest_message_is_payload_and_a_larger_one_is_for_the_library_to_refuse() -> None:
    largest = serialised(Frame(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES)))
    assert filtered([largest]) == ([("payload", MAX_MESSAGE_BYTES)], "None", 0)
    _, problem, _ = filtered([serialised(Frame(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES + 1)))[:100]])
    assert "262145 bytes exceeds limit" in problem


def test_the_library_keeps_no_state_for_a_whole_binary_message() -> None:
    protocol = opened()
    before = dict(vars(protocol))
    protocol.receive_data(serialised(Frame(Opcode.BINARY, b"abc")))
    protocol.events_received()
    # Its parser waits for the next frame as it did before.
    assert {name for name, value in vars(protocol).items() if value is not before[name]} <= {"events"}
    assert protocol.reader.buffer == b""
