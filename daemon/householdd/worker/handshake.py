"""TLS, and the request of a connection that was accepted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from websockets.http11 import Request, Response

from householdd.http import socket_options
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.connection import Connection

log = structlog.get_logger("handshake")

MIN_TIMEOUT_S = 0.001
"""Minimum seconds for TLS. Event loops accept no 0."""


class Handshakes:
    """Takes accepted sockets through TLS, answers their requests, and opens their WebSockets."""

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        timeout: float,
        answer: Callable[[AcceptedConnection, Request], Awaitable[Response | None]],
        serve: Callable[[Connection], None],
        leave: Callable[[AcceptedSocket], object],
    ) -> None:
        """``timeout``, in seconds, is for TLS, and again for the request, for the response, and for its delivery.

        ``answer`` returns a response, or None to complete the upgrade; ``serve`` then takes the WebSocket. ``leave`` is
        called once a connection is no longer pending.
        """
        self._tls = tls
        self._timeout = timeout
        self._answer = answer
        self._serve = serve
        self._leave = leave
        self._serving = True
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """Number of connections beyond TLS that are not served yet."""
        return len(self._tasks)

    def close(self) -> None:
        """Accept no more upgrades."""
        self._serving = False

    async def open(self, accepted: AcceptedSocket) -> bool:
        """Take a socket through TLS, and follow the connection in a task. Return False if TLS fails.

        A client that speaks HTTP where TLS is expected is let through, so that it gets a response.
        """
        socket_options.prepare(accepted.sock)
        connection = AcceptedConnection(accepted, self._timeout)
        tls: dict[str, Any] = {}
        if self._tls is not None and not accepted.plain:
            left = max(accepted.deadline - self._loop.time(), MIN_TIMEOUT_S)
            tls = {"ssl": self._tls, "ssl_handshake_timeout": left, "ssl_shutdown_timeout": self._timeout}
        try:
            await self._loop.connect_accepted_socket(lambda: connection, accepted.sock, **tls)
        except OSError as error:
            log.debug("TLS failed", host=accepted.host, problem=str(error))
            return False
        accepted.abort = connection.abort
        task = self._loop.create_task(self._follow(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _follow(self, connection: AcceptedConnection) -> None:
        """Follow a connection until it is served or ends."""
        accepted = connection.accepted
        served = False
        try:
            request = await connection.answer(self._answer, lambda: self._serving)
            accepted.asked = connection.asked
            if request is not None and not connection.transport.is_closing():
                websocket = Connection(accepted, self._loop)
                behind = connection.upgrade(request, websocket)
                self._leave(accepted)
                self._serve(websocket)
                served = True
                if behind:
                    websocket.receive(behind)
        except Exception:
            log.exception("connection failed")
        finally:
            self._leave(accepted)
            if not served:
                connection.transport.abort()
            # Cuts a circle of references, so that both objects are freed at once.
            accepted.abort = _gone


def _gone() -> None:
    """Abort a connection that has ended."""
