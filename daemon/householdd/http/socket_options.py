"""Options of client sockets."""

from __future__ import annotations

import asyncio
import math
import socket
import struct

MAX_UNSENT_BYTES = 32 * 1024
"""Unsent bytes in the kernel: few, so that pings do not wait behind payload, and little leaves after the gate is shut.
"""

_SO_MAX_PACING_RATE = 47
"""Of asm-generic/socket.h."""

_UNPACED = -1

_RESET = struct.pack("ii", 1, 0)
_LINGER = struct.pack("ii", 0, 0)


UNSERVED_TIMEOUT_S = 30.0
"""Timeout of an HTTP response, in seconds."""


def prepare(sock: socket.socket) -> None:
    """Set the options of a client connection; closing still delivers unsent data."""
    keep_unsent_below(sock, MAX_UNSENT_BYTES)
    give_up_after(sock, UNSERVED_TIMEOUT_S)


def keep_unsent_below(sock: socket.socket, count: int) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, count)


def pace(sock: socket.socket, rate_bps: float) -> None:
    """Let the kernel spread packets to at most ``rate_bps``; infinity lets them leave at once."""
    octets = _UNPACED if math.isinf(rate_bps) else math.ceil(rate_bps / 8)
    sock.setsockopt(socket.SOL_SOCKET, _SO_MAX_PACING_RATE, octets)


def give_up_after(sock: socket.socket, seconds: float) -> None:
    """Let the kernel drop the connection after ``seconds`` without progress, even if the process is stuck."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1e3))


async def readable(sock: socket.socket) -> None:
    """Wait for data or the end; ``sock`` is non-blocking."""
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
    """Drop unsent data on closing, or the kernel retransmits to a vanished peer for minutes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def deliver_on_close(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def congestion_control(sock: socket.socket) -> str:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()
