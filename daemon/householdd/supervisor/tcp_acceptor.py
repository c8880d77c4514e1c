"""Accepts connections of the operators' TCP ports, and bounds those that have not proven who they are."""

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
"""Time between two tries when no connection can be accepted, as without free file descriptors."""

KEPT_SHARE = 0.5
"""Share of the places that connections from known addresses keep against all others."""


@dataclass(frozen=True)
class ReadyConnection:
    """A connection whose first byte has come."""

    sock: socket.socket
    host: str
    port: int


class TcpAcceptor:
    """Holds a place for each connection until ``follow`` returns; one that has to go for another is cancelled.

    A connection that says nothing takes no place from one that does, and ends after ``first_byte`` seconds.
    """

    def __init__(self, most: int, first_byte: float, follow: Callable[[ReadyConnection], Awaitable[None]]) -> None:
        """``most`` is the number of places.

        ``follow`` owns the socket from the moment that it gives it to a transport.
        """
        self._first_byte = first_byte
        self._follow = follow
        self._pending = PendingConnections[asyncio.Task[None]](most, int(most * KEPT_SHARE))
        self._known = KnownAddresses(time.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()
        """One for each connection, and one for each listening socket."""

    def start(self, sock: socket.socket) -> None:
        """Take the clients of ``sock``, a listening TCP socket."""
        sock.setblocking(False)  # noqa: FBT003 - the standard library's parameter
        self._tasks.add(asyncio.create_task(self._accept(sock)))

    async def stop(self) -> None:
        """Take no more clients, and give up those that have a place."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def prove(self, host: str) -> None:
        """Remember that an operator came from ``host``."""
        self._known.add(host)

    async def _accept(self, sock: socket.socket) -> None:
        # Not by a server of asyncio's, which would count no handshakes and keep one context for ever.
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

    def _admit(self, arrival: ReadyConnection) -> None:
        task = asyncio.create_task(self._serve(arrival))
        self._tasks.add(task)
        # Not at the end of the coroutine: a task that is cancelled at once never begins.
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._pending.leave)
        task.add_done_callback(lambda _: arrival.sock.close())
        gone = self._pending.enter(task, arrival.host, known=arrival.host in self._known)
        if gone is not None:
            gone.cancel()

    async def _serve(self, arrival: ReadyConnection) -> None:
        try:
            async with asyncio.timeout(self._first_byte):
                await socket_options.readable(arrival.sock)
            if not arrival.sock.recv(1, socket.MSG_PEEK):
                return
        except OSError:
            # Also too late.
            return
        task = asyncio.current_task()
        if task is not None:
            self._pending.spoke(task)
        with contextlib.suppress(OSError):
            await self._follow(arrival)
