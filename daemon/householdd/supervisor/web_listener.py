"""HTTP and WebSockets on the operators' ports, for few connections at once."""

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
"""Greatest message of a page, in bytes; holds 500 ids of sessions."""

MAX_WAITING_MESSAGES = 4

GOING_AWAY = 1001


class WebListener:
    """Serves connections, each of which holds one of few places until it has ended or is admitted by :meth:`admit`.

    Replaces the Server of websockets, which counts no connection before its TLS is done. ServerConnection uses three of
    its members: ``handler``, ``handler_tasks`` and ``is_serving()``.
    """

    def __init__(
        self,
        answer: Callable[[ServerConnection, Request], Awaitable[Response | None]],
        serve: Callable[[ServerConnection], Awaitable[None]],
        most: int,
        timeout: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``answer`` returns a response, or None to complete the upgrade; ``serve`` then serves the WebSocket.

        ``most`` is the number of places. ``timeout``, in seconds, is for the first byte, for TLS, for a request, and
        for receiving the response.
        """
        self._answer = answer
        self._serve_page = serve
        self._timeout = timeout
        self._tls = tls
        self._acceptor = TcpAcceptor(most, timeout, self._follow)
        self._serving = True
        self._over: dict[ServerConnection, asyncio.Event] = {}
        """Events by connection that holds a place, each set once it needs it no more."""
        self._pages: set[ServerConnection] = set()
        """WebSockets that are open."""
        self.handler_tasks: set[asyncio.Task[None]] = set()
        """One for each connection beyond TLS; ServerConnection adds it."""

    def start(self, sock: socket.socket) -> None:
        """Accept from ``sock``, a listening TCP socket."""
        self._acceptor.start(sock)

    async def stop(self, timeout: float) -> None:
        """Accept no more connections, and close the pages, which have ``timeout`` seconds to answer."""
        self._serving = False
        goodbyes = [asyncio.create_task(page.close(GOING_AWAY)) for page in self._pages]
        await self._acceptor.stop()
        # Bounded, because a page may never answer.
        if waiting := [*goodbyes, *self.handler_tasks]:
            await asyncio.wait(waiting, timeout=timeout)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def is_serving(self) -> bool:
        """Return whether upgrades are still accepted."""
        return self._serving

    def admit(self, connection: ServerConnection) -> None:
        """Release the place of a connection that has authenticated, and remember its address."""
        if over := self._over.get(connection):
            over.set()
        self._acceptor.prove(connection.remote_address[0])

    async def _follow(self, accepted: ReadyConnection) -> None:
        """Take a connection through TLS, and hold its place."""
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
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted.sock, **tls)
            await over.wait()
        finally:
            del self._over[connection]
            if not over.is_set() and hasattr(connection, "transport"):
                connection.transport.abort()

    async def handler(self, connection: ServerConnection) -> None:
        """Follow a connection beyond TLS to its end."""
        try:
            # The connection answers a faulty client, or nothing does.
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
                await self._serve_page(connection)
        finally:
            self._pages.discard(connection)
