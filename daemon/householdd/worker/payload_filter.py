"""Separates upload payload from a client's other frames, so that it is counted, and neither unmasked nor collected."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAX_MESSAGE_BYTES = 256 * 1024
"""Greatest size in bytes of a client's message; deployed clients upload in chunks of at most 64 KiB."""

SLICE_BYTES = 4 * 1024
"""Bytes besides payload that are taken at a time; they hold 682 of the smallest frames of a client."""

_WHOLE_BINARY = 0x82
"""First byte of a binary message in one frame: FIN, no reserved bit, the opcode (RFC 6455 section 5.2)."""

_FIN = 0x80
_OPCODE = 0x0F
_FIRST_CONTROL = 0x8
_MASKED = 0x80
_LENGTH = 0x7F

_EXTENDED = {126: struct.Struct("!H"), 127: struct.Struct("!Q")}
"""Format of the length, by the value of the second byte that announces it."""


class PayloadFilter:
    """Follows the frames of one connection, from the end of its opening handshake on.

    A binary message in one masked frame of at most ``MAX_MESSAGE_BYTES`` is payload. The library's parser keeps no
    state for such a message, and never sees it. It gets all other bytes, of whole and broken frames, and judges them.
    It gets a frame only once the head is complete, so a client that stops within a bad head is refused later.
    """

    __slots__ = ("_fragmented", "_head", "_left", "_payload")

    def __init__(self) -> None:
        self._head = b""
        """Beginning of a frame whose head is incomplete."""
        self._left = 0
        """Bytes of the current frame that are still to come."""
        self._payload: int | None = None
        """Size of the current frame in bytes; only set while it is payload."""
        self._fragmented = False
        """Whether a fragmented message is under way; the library refuses a whole message within it."""

    @property
    def payload_left(self) -> int:
        """Bytes of the current frame that are still to come, if it is payload; else 0."""
        return 0 if self._payload is None else self._left

    def split(self, data: memoryview) -> Iterator[memoryview | int]:
        """Yield, in order, bytes for the library, and the size of each payload frame once it is complete.

        ``data`` is read during the iteration and not kept. The caller must iterate to the end, unless the connection
        ends.
        """
        if self._head:
            data, self._head = memoryview(self._head + data), b""
        # The bytes between the two are for the library.
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
                # The library judges these bytes before the filter reads on: the rest may be nonsense.
                yield data[begin:at]
                begin = at
        if begin < at:
            yield data[begin:at]

    def _enter(self, data: memoryview, at: int) -> int | None:
        """Read the head of a frame; return its size in bytes, or None if it is incomplete."""
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
