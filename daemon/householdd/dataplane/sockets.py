"""Options of client sockets."""

from __future__ import annotations

import socket
import struct

_RESET = struct.pack("ii", 1, 0)
_LINGER = struct.pack("ii", 0, 0)


def reset_on_close(sock: socket.socket) -> None:
    """From now on the kernel drops what is unsent and resets the connection when ``sock`` is closed.

    Without it the kernel goes on retransmitting to a peer that has vanished, for minutes after the process has let go
    of the socket or was killed.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def deliver_on_close(sock: socket.socket) -> None:
    """The kernel delivers what is unsent when ``sock`` is closed: for an orderly end whose last words matter."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
