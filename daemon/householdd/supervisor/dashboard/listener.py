"""Where the dashboard is served: its files, and one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import http
import ssl

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from householdd.core.addresses import Address
from householdd.core.origins import is_same_origin
from householdd.dataplane import responses, static_files
from householdd.dataplane.request_target import path_of
from householdd.supervisor import listening
from householdd.supervisor.bounded import bounded
from householdd.supervisor.dashboard.orders import MAX_MESSAGE
from householdd.supervisor.dashboard.origins import is_known_host
from householdd.supervisor.dashboard.visitor import Room, Visitor

log = structlog.get_logger("dashboard")

MAX_CONNECTIONS = 128
"""Connections at once, pages among them; one more is closed without an answer."""

PATIENCE = 5.0
"""Seconds for TLS, for a request, and to take the answer."""

GOODBYE = 0.5
"""Seconds that pages have to answer the daemon's goodbye."""

LIVE = "/live"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class DashboardListener:
    """Serves the page at ``address``, over TLS where there is a context; ``names`` are host names that lead here."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None, names: frozenset[str], room: Room) -> None:
        self._address = address
        self.tls = tls
        """In use; a reload reads its files anew."""
        self._names = names
        self._room = room
        self._files = static_files.load("dashboard", POLICY)
        self._server: Server | None = None
        """Set while it is served."""

    async def start(self) -> str:
        """Listens; the page's URL. Raises DaemonError."""
        sock = listening.bind(self._address, "dashboard.listen")
        self._server = await serve(
            self._visit,
            sock=sock,
            ssl=self.tls,
            process_request=self._answer,
            create_connection=bounded(MAX_CONNECTIONS),
            server_header="householdd",
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            max_size=MAX_MESSAGE,
            max_queue=4,
        )
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{Address(self._address.host, sock.getsockname()[1])}/"

    async def stop(self) -> None:
        """Stops listening, and says goodbye to the pages."""
        if self._server is not None:
            self._server.close()
            # A page that does not answer is not worth waiting for.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), GOODBYE)

    async def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        if request.method != "GET":
            return responses.text(http.HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.", {"Allow": "GET"})
        host = ", ".join(request.headers.get_all("Host"))
        if not is_known_host(host, self._names):
            words = "This is not known by that name; dashboard.names of the configuration lists others."
            return responses.text(http.HTTPStatus.MISDIRECTED_REQUEST, words)
        path = path_of(request.path)
        if path == LIVE:
            return self._upgrade(request, host)
        if path in self._files:
            return responses.file(request, self._files[path])
        words = "The dashboard was not built; `make run` builds it." if path == "/" else "Not found."
        return responses.text(http.HTTPStatus.NOT_FOUND, words)

    def _upgrade(self, request: Request, host: str) -> Response | None:
        if not is_same_origin(", ".join(request.headers.get_all("Origin")), host):
            return responses.text(http.HTTPStatus.FORBIDDEN, "Only this server's own page may connect.")
        return None

    async def _visit(self, connection: ServerConnection) -> None:
        await Visitor(connection, self._room).serve()
