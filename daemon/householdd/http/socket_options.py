"""Options of client sockets."""

from __future__ import annotations

import asyncio
import socket
import struct

MAX_UNSENT_BYTES = 32 * 1024
"""Bytes that the kernel takes of a connection before it has sent them, on top of what is in flight. Little, so that
what was handed over does not go out after the gate was shut, and a ping does not wait behind much payload."""

_RESET = struct.pack("ii", 1, 0)
_LINGER = struct.pack("ii", 0, 0)


UNSERVED_TIMEOUT_S = 30.0
"""Seconds after which the kernel gives up a connection that takes no HTTP response."""


def prepare(sock: socket.socket) -> None:
    """Sets what holds for every client connection; what is unsent is still delivered when it is closed."""
    keep_unsent_below(sock, MAX_UNSENT_BYTES)
    give_up_after(sock, UNSERVED_TIMEOUT_S)


def keep_unsent_below(sock: socket.socket, count: int) -> None:
    """The kernel takes more only while fewer than ``count`` bytes wait in it that were never sent."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, count)


def give_up_after(sock: socket.socket, seconds: float) -> None:
    """The kernel ends the connection when data stays without acknowledgement, or the window shut, for ``seconds``.

    The floor under the daemon's own deadlines: it holds when the process is stuck.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1e3))


async def readable(sock: socket.socket) -> None:
    """Returns once something has come in, or the end; ``sock`` does not block, and has no transport yet."""
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()
    loop.add_reader(sock, _come_in, waiter)
    try:
        await waiter
    finally:
        loop.remove_reader(sock)


def _come_in(waiter: asyncio.Future[None]) -> None:
    # Until the reader is removed it may be called again.
    if not waiter.done():
        waiter.set_result(None)


def reset_on_close(sock: socket.socket) -> None:
    """From now on the kernel drops what is unsent and resets the connection when ``sock`` is closed.

    Without it the kernel goes on retransmitting to a peer that has vanished, for minutes after the process has let go
    of the socket or was killed.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def deliver_on_close(sock: socket.socket) -> None:
    """The kernel delivers what is unsent when ``sock`` is closed: for an orderly end whose last words matter."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def congestion_control(sock: socket.socket) -> str:
    """The congestion control in use, such as ``cubic``."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()
