"""TLS and the opening handshake of a connection that was accepted."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.connection import WRITE_LIMIT_BYTES, Connection
from householdd.worker.payload_filter import MAX_MESSAGE_BYTES
from householdd.worker.read_buffer import ReadBuffer

log = structlog.get_logger("handshake")

MIN_TIMEOUT_S = 0.001
"""Minimum seconds for TLS. Event loops accept no 0."""


class Handshakes:
    """Takes accepted sockets through TLS, and answers their requests.

    Replaces the Server of websockets, which insists on its own listener. ServerConnection uses three of its members:
    ``handler``, ``handler_tasks`` and ``is_serving()``.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        timeout: float,
        answer: Callable[[ServerConnection, Request], Awaitable[Response | None]],
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
        self.handler_tasks: set[asyncio.Task[None]] = set()
        """One for each connection beyond TLS that is not served yet; ServerConnection adds it."""

    def is_serving(self) -> bool:
        """Return whether upgrades are still accepted; otherwise websockets answers them with 503."""
        return self._serving

    def close(self) -> None:
        """Accept no more upgrades."""
        self._serving = False

    async def open(self, accepted: AcceptedSocket) -> bool:
        """Take a socket through TLS, and follow the connection in a task. Return False if TLS fails.

        A client that speaks HTTP where TLS is expected is let through, so that it gets a response.
        """
        loop = asyncio.get_running_loop()
        protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES)
        connection = Connection(
            protocol,
            cast("Server", self),
            # The session judges liveness, and the control loop ends sessions.
            ping_interval=None,
            # For HTTP responses, which are slow on a bloated line; sessions have a deadline of their own.
            close_timeout=self._timeout,
            max_queue=None,
            write_limit=(WRITE_LIMIT_BYTES // 2, WRITE_LIMIT_BYTES // 4),
        )
        connection.accepted = accepted
        tls: dict[str, Any] = {}
        if self._tls is not None and not accepted.plain:
            left = max(accepted.deadline - loop.time(), MIN_TIMEOUT_S)
            tls = {"ssl": self._tls, "ssl_handshake_timeout": left, "ssl_shutdown_timeout": self._timeout}
        try:
            await loop.connect_accepted_socket(lambda: ReadBuffer(connection), accepted.sock, **tls)
        except OSError as error:
            log.debug("TLS failed", host=accepted.host, problem=str(error))
            return False
        accepted.abort = connection.abort
        return True

    async def handler(self, connection: ServerConnection) -> None:
        """Follow a connection until it is served or ends."""
        client = cast("Connection", connection)
        served = False
        try:
            with contextlib.suppress(ConnectionClosed, OSError):
                await client.handshake(self._answer)
            client.accepted.asked = client.asked
            if client.open:
                self._leave(client.accepted)
                self._serve(client)
                served = True
        except Exception:
            log.exception("connection failed")
        finally:
            self._leave(client.accepted)
            if not served:
                client.transport.abort()
            # Cuts a circle of references, so that both objects are freed at once.
            client.accepted.abort = _gone
            self.handler_tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))


def _gone() -> None:
    """Abort a connection that has ended."""
