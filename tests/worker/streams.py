"""What clients may send, and what they must not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from householdd.worker.payload_filter import MAX_MESSAGE_BYTES


def serialised(frame: Frame) -> bytes:
    """A client's frame, which may be one that the library would not send."""
    data = bytes(frame.data)
    whole = Frame(Opcode.BINARY, data).serialize(mask=True)
    return bytes([frame.fin << 7 | frame.opcode]) + whole[1:]


FRAMES = st.builds(
    Frame,
    st.sampled_from([Opcode.BINARY, Opcode.BINARY, Opcode.TEXT, Opcode.CONT, Opcode.PING, Opcode.PONG, Opcode.CLOSE]),
    st.sampled_from([0, 1, 2, 125]).map(bytes) | st.sampled_from([126, 1000, 65_535, 65_536]).map(bytes),
    fin=st.sampled_from([True, True, True, False]),
)
BROKEN = st.sampled_from(
    [
        b"\x82\x01a",
        b"\xc2\x80\x00\x00\x00\x00",
        b"\x83\x80\x00\x00\x00\x00",
        b"\x82\xff" + (MAX_MESSAGE_BYTES + 1).to_bytes(8) + bytes(4),
        b"\x82\xff" + (2**64 - 1).to_bytes(8) + bytes(4),
    ]
)
"""Frames without a mask, with a reserved bit, with a reserved opcode, and too long."""


CONTROL = st.builds(Frame, st.sampled_from([Opcode.PING, Opcode.PONG]), st.sampled_from([b"", bytes(125)]))
SIZES = st.sampled_from([0, 1, 125, 126, 1000, 65_536]).map(bytes)


@st.composite
def message(draw: st.DrawFn) -> list[bytes]:
    """The frames of a message that the library takes, with control frames between them."""
    opcode = draw(st.sampled_from([Opcode.BINARY, Opcode.BINARY, Opcode.TEXT]))
    parts = draw(st.lists(SIZES, min_size=1, max_size=3))
    frames: list[bytes] = []
    for number, part in enumerate(parts):
        frames += map(serialised, draw(st.lists(CONTROL, max_size=1)))
        frames.append(serialised(Frame(Opcode.CONT if number else opcode, part, fin=number == len(parts) - 1)))
    return frames


MESSAGES = message()


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """``data`` as it may come in."""
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(ends)]
