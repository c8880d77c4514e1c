"""Heads of a server's frames, for messages written past the library."""

from __future__ import annotations

import struct

from websockets.frames import Opcode

_FIN = 0x80

_SHORT = struct.Struct("!BB")
_MEDIUM = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")


def head(opcode: Opcode, size: int) -> bytes:
    """Return the head of an unmasked frame that is a whole message or a control frame (RFC 6455 section 5.2)."""
    if size < 126:
        return _SHORT.pack(_FIN | opcode, size)
    if size < 2**16:
        return _MEDIUM.pack(_FIN | opcode, 126, size)
    return _LONG.pack(_FIN | opcode, 127, size)
