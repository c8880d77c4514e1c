"""Accepts connections on the operators' TCP ports, with a bound on those that have not authenticated."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from householdd.admission.pending_connections import KnownAddresses, PendingConnections
from householdd.http import socket_options

log = structlog.get_logger("tcp")

RETRY_S = 0.1
"""Seconds until the next try when accept() fails, as without free descriptors."""

KEPT_SHARE = 0.5
"""Share of the places that is kept for connections from known addresses."""


@dataclass(frozen=True)
class ReadyConnection:
    """A connection, followed once its first byte has come."""

    sock: socket.socket
    host: str
    port: int


class TcpAcceptor:
    """Holds a place for each connection until ``follow`` returns; cancels one to make room for another.

    A silent connection takes no place from one that sends, and is closed after ``first_byte`` seconds.
    """

    def __init__(self, most: int, first_byte: float, follow: Callable[[ReadyConnection], Awaitable[None]]) -> None:
        """``most`` is the number of places.

        ``follow`` owns the socket once it has given it to a transport.
        """
        self._first_byte = first_byte
        self._follow = follow
        self._pending = PendingConnections[asyncio.Task[None]](most, int(most * KEPT_SHARE))
        self._known = KnownAddresses(time.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()
        """One for each connection, and one for each listening socket."""

    def start(self, sock: socket.socket) -> None:
        """Accept from ``sock``, a listening TCP socket."""
        sock.setblocking(False)  # noqa: FBT003 - the standard library's parameter
        self._tasks.add(asyncio.create_task(self._accept(sock)))

    async def stop(self) -> None:
        """Accept no more connections, and close those that hold a place."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def prove(self, host: str) -> None:
        """Remember that an operator came from ``host``."""
        self._known.add(host)

    async def _accept(self, sock: socket.socket) -> None:
        # Not an asyncio server, which would count no handshakes and keep one TLS context for ever.
        loop, exhausted = asyncio.get_running_loop(), False
        while True:
            try:
                connection, (host, port, *_) = await loop.sock_accept(sock)
            except OSError as error:
                if not exhausted:
                    log.warning("connections not accepted", port=sock.getsockname()[1], problem=error.strerror)
                exhausted = True
                await asyncio.sleep(RETRY_S)
                continue
            exhausted = False
            self._admit(ReadyConnection(connection, host, port))

    def _admit(self, accepted: ReadyConnection) -> None:
        task = asyncio.create_task(self._serve(accepted))
        self._tasks.add(task)
        # Not at the end of the coroutine: a task that is cancelled at once never begins.
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._pending.leave)
        task.add_done_callback(lambda _: accepted.sock.close())
        gone = self._pending.enter(task, accepted.host, known=accepted.host in self._known)
        if gone is not None:
            gone.cancel()

    async def _serve(self, accepted: ReadyConnection) -> None:
        try:
            async with asyncio.timeout(self._first_byte):
                await socket_options.readable(accepted.sock)
            if not accepted.sock.recv(1, socket.MSG_PEEK):
                return
        except OSError:
            # Also a timeout.
            return
        task = asyncio.current_task()
        if task is not None:
            self._pending.spoke(task)
        with contextlib.suppress(OSError):
            await self._follow(accepted)
