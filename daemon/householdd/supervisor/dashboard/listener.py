"""Where the dashboard is served: its files, and one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import http
import ssl
from functools import partial

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from householdd.core.addresses import Address
from householdd.core.origins import is_same_origin
from householdd.dataplane import static_files
from householdd.dataplane.request_target import path_of
from householdd.dataplane.responses import file
from householdd.http import methods, responses
from householdd.http.connection import SERVER
from householdd.http.headers import header
from householdd.http.methods import Methods
from householdd.supervisor import listening
from householdd.supervisor.bounded import bounded
from householdd.supervisor.dashboard.orders import MAX_MESSAGE
from householdd.supervisor.dashboard.visitor import Room, Visitor
from householdd.supervisor.hosts import is_known_host

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
            server_header=SERVER,
            compression=None,
            # A connection bounds its handshake itself, by close_timeout.
            open_timeout=None,
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
        host = header(request, "Host")
        if not is_known_host(host, self._names):
            words = "This is not known by that name; dashboard.names of the configuration lists others."
            return responses.text(http.HTTPStatus.MISDIRECTED_REQUEST, words)
        return await methods.answer(request, self._methods(request, path_of(request.path)))

    def _methods(self, request: Request, path: str) -> Methods:
        if path == LIVE:
            return {"GET": partial(self._upgrade, request)}
        if path in self._files or path == "/":
            return {"GET": partial(self._file, request, path)}
        return {}

    async def _file(self, request: Request, path: str) -> Response:
        if path in self._files:
            return file(request, self._files[path])
        return responses.text(http.HTTPStatus.NOT_FOUND, "The dashboard was not built; `make run` builds it.")

    async def _upgrade(self, request: Request) -> Response | None:
        if not is_same_origin(header(request, "Origin"), header(request, "Host")):
            return responses.text(http.HTTPStatus.FORBIDDEN, "Only this server's own page may connect.")
        return None

    async def _visit(self, connection: ServerConnection) -> None:
        await Visitor(connection, self._room).serve()
