"""HTTP and WebSockets on the operators' ports: few connections, and none that keeps an operator's out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from householdd.http.connection import HttpConnection
from householdd.supervisor.tcp_acceptor import ReadyConnection, TcpAcceptor

log = structlog.get_logger("web")

MAX_MESSAGE_BYTES = 32 * 1024
"""Greatest message of a page; 500 ids of sessions fit in."""

MAX_WAITING_MESSAGES = 4

GOING_AWAY = 1001


class WebListener:
    """Serves connections, each of which holds one of few places until it has ended or :meth:`admit` was called for it.

    It stands where websockets has its own Server, which would count no connection before its TLS is done. A
    ServerConnection has three wishes of it: ``handler``, ``handler_tasks`` and ``is_serving()``.
    """

    def __init__(
        self,
        answer: Callable[[ServerConnection, Request], Awaitable[Response | None]],
        visit: Callable[[ServerConnection], Awaitable[None]],
        most: int,
        timeout: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``answer`` gives a response, or None for a WebSocket, which ``visit`` is for.

        ``most`` is the number of places. ``timeout``, in seconds, is for the first byte, for TLS, for a request, and
        for taking the answer.
        """
        self._answer = answer
        self._visit = visit
        self._timeout = timeout
        self._tls = tls
        self._acceptor = TcpAcceptor(most, timeout, self._follow)
        self._serving = True
        self._over: dict[ServerConnection, asyncio.Event] = {}
        """Of each connection that holds a place, set once it does no more."""
        self._pages: set[ServerConnection] = set()
        """WebSockets that are open."""
        self.handler_tasks: set[asyncio.Task[None]] = set()
        """One for each connection beyond TLS; a ServerConnection adds its own."""

    def start(self, sock: socket.socket) -> None:
        """Take the clients of ``sock``, a listening TCP socket."""
        self._acceptor.start(sock)

    async def stop(self, timeout: float) -> None:
        """Take no more clients, and say goodbye to the pages, which have ``timeout`` seconds to answer."""
        self._serving = False
        goodbyes = [asyncio.create_task(page.close(GOING_AWAY)) for page in self._pages]
        await self._acceptor.stop()
        # A page that does not answer is not worth waiting for.
        if waiting := [*goodbyes, *self.handler_tasks]:
            await asyncio.wait(waiting, timeout=timeout)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def is_serving(self) -> bool:
        """Return whether upgrades are still accepted."""
        return self._serving

    def admit(self, connection: ServerConnection) -> None:
        """Note that an operator is behind a connection: it needs its place no more, and its address is remembered."""
        if over := self._over.get(connection):
            over.set()
        self._acceptor.prove(connection.remote_address[0])

    async def _follow(self, arrival: ReadyConnection) -> None:
        """Bring a connection beyond TLS, and hold its place."""
        connection = HttpConnection(
            ServerProtocol(max_size=MAX_MESSAGE_BYTES),
            cast("Server", self),
            close_timeout=self._timeout,
            max_queue=MAX_WAITING_MESSAGES,
        )
        tls: dict[str, Any] = {}
        if self._tls is not None:
            tls = {"ssl": self._tls, "ssl_handshake_timeout": self._timeout, "ssl_shutdown_timeout": self._timeout}
        over = self._over[connection] = asyncio.Event()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, arrival.sock, **tls)
            await over.wait()
        finally:
            del self._over[connection]
            if not over.is_set() and hasattr(connection, "transport"):
                connection.transport.abort()

    async def handler(self, connection: ServerConnection) -> None:
        """Follow a connection from TLS to its end."""
        try:
            # What a client does wrong, or leaves undone, is answered by the connection or by nothing.
            with contextlib.suppress(ConnectionClosed, OSError):
                await connection.handshake(self._answer)
            if connection.state is OPEN:
                await self._serve(connection)
        except Exception:
            log.exception("connection failed")
        finally:
            connection.transport.abort()
            if over := self._over.get(connection):
                over.set()
            self.handler_tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _serve(self, connection: ServerConnection) -> None:
        self._pages.add(connection)
        connection.start_keepalive()
        try:
            async with connection:
                await self._visit(connection)
        finally:
            self._pages.discard(connection)
