"""HTTP and WebSockets on the operators' ports, for few connections at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from websockets.http11 import Request, Response

from householdd.http.connection import HttpConnection
from householdd.http.websocket import WebSocket
from householdd.supervisor.tcp_acceptor import ReadyConnection, TcpAcceptor

log = structlog.get_logger("web")

MAX_MESSAGE_BYTES = 32 * 1024
"""Greatest message of a page, in bytes; holds 500 ids of sessions."""

GOING_AWAY = 1001


class WebListener:
    """Serves connections, each of which holds one of few places until it has ended or is admitted by :meth:`admit`."""

    def __init__(
        self,
        answer: Callable[[HttpConnection, Request], Awaitable[Response | None]],
        serve: Callable[[WebSocket], Awaitable[None]],
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
        self._over: dict[WebSocket, asyncio.Event] = {}
        """Events by WebSocket that holds a place, each set once it needs it no more."""
        self._pages: set[WebSocket] = set()
        """WebSockets that are open."""
        self._tasks: set[asyncio.Task[None]] = set()
        """One for each connection beyond TLS."""

    def start(self, sock: socket.socket) -> None:
        """Accept from ``sock``, a listening TCP socket."""
        self._acceptor.start(sock)

    async def stop(self, timeout: float) -> None:
        """Accept no more connections, and close the pages, which have ``timeout`` seconds to answer."""
        self._serving = False
        goodbyes = [asyncio.create_task(page.close(GOING_AWAY)) for page in self._pages]
        await self._acceptor.stop()
        # Bounded, because a page may never answer.
        if waiting := [*goodbyes, *self._tasks]:
            await asyncio.wait(waiting, timeout=timeout)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def admit(self, page: WebSocket) -> None:
        """Release the place of a connection that has authenticated, and remember its address."""
        if over := self._over.get(page):
            over.set()
        self._acceptor.prove(page.peer[0])

    async def _follow(self, accepted: ReadyConnection) -> None:
        """Take a connection through TLS, and hold its place until it is over or admitted."""
        connection = HttpConnection(self._timeout)
        tls: dict[str, Any] = {}
        if self._tls is not None:
            tls = {"ssl": self._tls, "ssl_handshake_timeout": self._timeout, "ssl_shutdown_timeout": self._timeout}
        over = asyncio.Event()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted.sock, **tls)
            task = asyncio.create_task(self._run(connection, over))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await over.wait()
        finally:
            if not over.is_set() and connection.made:
                connection.transport.abort()

    async def _run(self, connection: HttpConnection, over: asyncio.Event) -> None:
        """Follow a connection beyond TLS to its end."""
        try:
            request = await connection.answer(self._answer, lambda: self._serving)
            if request is not None and not connection.transport.is_closing():
                await self._serve(connection, request, over)
        except Exception:
            log.exception("connection failed")
        finally:
            connection.transport.abort()
            over.set()

    async def _serve(self, connection: HttpConnection, request: Request, over: asyncio.Event) -> None:
        page = WebSocket(MAX_MESSAGE_BYTES)
        if behind := connection.upgrade(request, page):
            page.receive(behind)
        self._over[page] = over
        self._pages.add(page)
        keeping_alive = asyncio.create_task(page.keep_alive())
        try:
            await self._serve_page(page)
            await page.close()
        finally:
            keeping_alive.cancel()
            self._pages.discard(page)
            del self._over[page]
