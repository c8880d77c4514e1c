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

log = structlog.get_logger("opening")

MIN_TIMEOUT_S = 0.001
"""Seconds for TLS where the time was up just now; event loops take no 0."""


class Handshakes:
    """Makes links of connections, and answers what they ask for.

    It stands where websockets has its own Server, which listens by itself. A ServerConnection has three wishes of it:
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
        """``timeout`` is for TLS, and as much again for a request, for the answer, and for its delivery.

        ``answer`` gives a response, or None where the connection is to become a WebSocket, which ``serve`` is for.
        ``leave`` is called once a connection is no more of those that wait for something.
        """
        self._tls = tls
        self._timeout = timeout
        self._answer = answer
        self._serve = serve
        self._leave = leave
        self._serving = True
        self.handler_tasks: set[asyncio.Task[None]] = set()
        """One for each connection beyond TLS that is not served yet; a ServerConnection adds its own."""

    def is_serving(self) -> bool:
        """Whether upgrades are still accepted; otherwise they are answered 503."""
        return self._serving

    def close(self) -> None:
        """Accepts no upgrades any more."""
        self._serving = False

    async def open(self, arrival: AcceptedSocket) -> bool:
        """Does TLS and hands the connection to a task of its own; False where the client did not do its part.

        A client that speaks HTTP where TLS is expected is heard as well, so that it can be told.
        """
        loop = asyncio.get_running_loop()
        protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES)
        link = Connection(
            protocol,
            cast("Server", self),
            # Liveness is the core's business, and the end of a session the control loop's.
            ping_interval=None,
            # For HTTP responses, which a bloated line brings slowly; sessions have a deadline of their own.
            close_timeout=self._timeout,
            max_queue=None,
            write_limit=(WRITE_LIMIT_BYTES // 2, WRITE_LIMIT_BYTES // 4),
        )
        link.arrival = arrival
        tls: dict[str, Any] = {}
        if self._tls is not None and not arrival.plain:
            left = max(arrival.deadline - loop.time(), MIN_TIMEOUT_S)
            tls = {"ssl": self._tls, "ssl_handshake_timeout": left, "ssl_shutdown_timeout": self._timeout}
        try:
            await loop.connect_accepted_socket(lambda: ReadBuffer(link), arrival.sock, **tls)
        except OSError as error:
            log.debug("no handshake", host=arrival.host, problem=str(error))
            return False
        arrival.abort = link.abort
        return True

    async def handler(self, connection: ServerConnection) -> None:
        """Follows a connection until it is served, or to its end."""
        link = cast("Connection", connection)
        served = False
        try:
            with contextlib.suppress(ConnectionClosed, OSError):
                await link.handshake(self._answer)
            link.arrival.asked = link.asked
            if link.open:
                self._leave(link.arrival)
                self._serve(link)
                served = True
        except Exception:
            log.exception("connection failed")
        finally:
            self._leave(link.arrival)
            if not served:
                link.transport.abort()
            # It knows the link, and the link knows it; cut here, both are gone at once.
            link.arrival.abort = _gone
            self.handler_tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))


def _gone() -> None:
    """Ends a connection that has ended."""
