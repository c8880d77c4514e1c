"""Takes upload payload out of what a client sends, so that it is counted, and neither unmasked nor collected."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAX_MESSAGE_BYTES = 256 * 1024
"""Greatest size in bytes of a client's message; deployed clients upload in chunks of at most 64 KiB."""

SLICE_BYTES = 8 * 1024
"""Bytes that the library parses at a time; of the smallest frames a client can send 1365 fit in."""

_WHOLE_BINARY = 0x82
"""The first byte of a binary message in one frame: FIN, no reserved bit, the opcode. RFC 6455 section 5.2."""

_FIN = 0x80
_OPCODE = 0x0F
_FIRST_CONTROL = 0x8
_MASKED = 0x80
_LENGTH = 0x7F

_EXTENDED = {126: struct.Struct("!H"), 127: struct.Struct("!Q")}
"""How the length is written where the second byte has one of these."""


class PayloadFilter:
    """Follows the frames of one connection, from the end of its opening handshake on.

    What is binary in one masked frame and within ``MAX_MESSAGE`` is payload. The library's parser keeps no state for
    it, so it never sees it. It gets everything else byte for byte, whole frames and broken ones, and judges it. Of a
    frame it gets nothing before the head is whole, so a client that stops within a bad head is refused when it goes on.
    """

    __slots__ = ("_fragmented", "_head", "_left", "_payload")

    def __init__(self) -> None:
        self._head = b""
        """The beginning of a frame whose head has not come in whole."""
        self._left = 0
        """Bytes of the present frame that have not come in."""
        self._payload: int | None = None
        """Size of the present frame where it is payload."""
        self._fragmented = False
        """Whether a message of several frames is under way; a whole one in between is for the library to refuse."""

    def skim(self, data: memoryview) -> Iterator[memoryview | int]:
        """What came in, in its order: bytes for the library, and for each frame of payload its size when it is whole.

        ``data`` is looked at while this is iterated over and not kept. Must be iterated over to its end, unless the
        connection ends.
        """
        if self._head:
            data, self._head = memoryview(self._head + data), b""
        # What is between the two is for the library.
        begin = at = 0
        while at < len(data):
            if not self._left:
                size = self._enter(data, at)
                if size is None:
                    self._head = bytes(data[at:])
                    break
                if self._payload is not None and begin < at:
                    yield data[begin:at]
                at += size
            step = min(self._left, len(data) - at)
            self._left -= step
            at += step
            if self._payload is not None:
                begin = at
                if not self._left:
                    yield self._payload
                    self._payload = None
            elif at - begin >= SLICE_BYTES:
                # The library judges it before more is followed, which may be nonsense.
                yield data[begin:at]
                begin = at
        if begin < at:
            yield data[begin:at]

    def _enter(self, data: memoryview, at: int) -> int | None:
        """Reads the head of a frame; its size in bytes, or None where it is not all there."""
        there = len(data) - at
        if there < 2:
            return None
        first, second = data[at], data[at + 1]
        length, size = second & _LENGTH, 2
        extended = _EXTENDED.get(length)
        if extended is not None:
            size += extended.size
            if there < size:
                return None
            (length,) = extended.unpack_from(data, at + 2)
        if second & _MASKED:
            size += 4
            if there < size:
                return None
        self._left = length
        whole = first == _WHOLE_BINARY and not self._fragmented
        self._payload = length if whole and second & _MASKED and length <= MAX_MESSAGE_BYTES else None
        if first & _OPCODE < _FIRST_CONTROL:
            self._fragmented = not first & _FIN
        return size
