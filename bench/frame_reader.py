"""The bytes of a server as frames: payload is counted, and pings are answered, which earn a session its payload."""

from __future__ import annotations

import socket

from websockets.frames import Frame, Opcode

_HEAD_BYTES = {126: 4, 127: 10}
"""By the second byte of a frame; two for all others (RFC 6455 section 5.2)."""


class FrameReader:
    """One connection. Parses heads only, so that the client is not the limit."""

    __slots__ = ("_binary", "_left", "_rest", "_sock", "payload")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.payload = 0
        """Payload bytes so far; messages do not count."""
        self._rest = b""
        """Incomplete head, or ping."""
        self._left = 0
        """Bytes left of the current frame."""
        self._binary = False

    def take(self, data: bytes | memoryview) -> None:
        """Take what the server sent, in any cuts."""
        if self._rest:
            data, self._rest = self._rest + bytes(data), b""
        place, end = 0, len(data)
        while place < end:
            if not self._left:
                opcode = data[place] & 15
                size = data[place + 1] if end - place > 1 else 0
                head = _HEAD_BYTES.get(size, 2)
                if end - place < head + (size if opcode == Opcode.PING else 0) or end - place < 2:
                    self._rest = bytes(data[place:])
                    return
                self._binary = opcode == Opcode.BINARY
                self._left = size if head == 2 else int.from_bytes(data[place + 2 : place + head])
                place += head
                if opcode == Opcode.PING:
                    pong = Frame(Opcode.PONG, bytes(data[place : place + size]))
                    self._sock.sendall(pong.serialize(mask=True))
            got = min(self._left, end - place)
            self._left -= got
            place += got
            if self._binary:
                self.payload += got
