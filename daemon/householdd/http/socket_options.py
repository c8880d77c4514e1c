"""Options of client sockets."""

from __future__ import annotations

import asyncio
import socket
import struct

MAX_UNSENT_BYTES = 32 * 1024
"""Unsent bytes that the kernel accepts, beyond those in flight: few, so that little payload leaves after the gate is
shut, and pings do not wait behind payload."""

_RESET = struct.pack("ii", 1, 0)
_LINGER = struct.pack("ii", 0, 0)


UNSERVED_TIMEOUT_S = 30.0
"""Seconds after which the kernel drops a connection that does not take its HTTP response."""


def prepare(sock: socket.socket) -> None:
    """Set the options of every client connection; unsent data is still delivered after closing."""
    keep_unsent_below(sock, MAX_UNSENT_BYTES)
    give_up_after(sock, UNSERVED_TIMEOUT_S)


def keep_unsent_below(sock: socket.socket, count: int) -> None:
    """Accept data only while fewer than ``count`` unsent bytes are queued in the kernel."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, count)


def give_up_after(sock: socket.socket, seconds: float) -> None:
    """Let the kernel drop the connection when data stays unacknowledged, or the window closed, for ``seconds``.

    This holds even if the process is stuck, unlike the daemon's own deadlines.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1e3))


async def readable(sock: socket.socket) -> None:
    """Wait for data or the end; ``sock`` is non-blocking and has no transport yet."""
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()
    loop.add_reader(sock, _come_in, waiter)
    try:
        await waiter
    finally:
        loop.remove_reader(sock)


def _come_in(waiter: asyncio.Future[None]) -> None:
    # May be called again until the reader is removed.
    if not waiter.done():
        waiter.set_result(None)


def reset_on_close(sock: socket.socket) -> None:
    """Reset the connection and drop unsent data when ``sock`` is closed.

    Otherwise the kernel retransmits to a vanished peer for minutes after the socket was closed or the process killed.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def deliver_on_close(sock: socket.socket) -> None:
    """Deliver unsent data when ``sock`` is closed, for an orderly close."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def congestion_control(sock: socket.socket) -> str:
    """Return the congestion control in use, such as ``cubic``."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()
