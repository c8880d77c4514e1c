"""Serves the dashboard: its files, and a WebSocket for each page."""

from __future__ import annotations

import contextlib
import http
import ssl
from collections.abc import AsyncIterator
from functools import partial

import structlog
from websockets.http11 import Request, Response

from householdd.clients.addresses import Address
from householdd.clients.origins import is_same_origin
from householdd.http import methods, responses, static_files
from householdd.http.connection import HttpConnection
from householdd.http.headers import header, path_of
from householdd.http.methods import Methods
from householdd.http.responses import file
from householdd.http.websocket import WebSocket
from householdd.supervisor import sockets
from householdd.supervisor.dashboard.page_session import PageContext, PageSession
from householdd.supervisor.hosts import is_known_host
from householdd.supervisor.web_listener import WebListener

log = structlog.get_logger("dashboard")

MAX_PENDING = 128
"""Connections that are not logged in. One more closes another, first of an address without a login."""

REQUEST_TIMEOUT_S = 5.0
"""Timeout for TLS, for a request, and for receiving the response, in seconds."""

CLOSE_TIMEOUT_S = 0.5
"""Timeout for the closing handshake with pages at shutdown, in seconds."""

LIVE = "/live"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class DashboardListener:
    """Serves the page at ``address``, over TLS if there is a context. ``names`` are the accepted host names."""

    def __init__(
        self, address: Address, tls: ssl.SSLContext | None, names: frozenset[str], context: PageContext
    ) -> None:
        self._address = address
        self._scheme = "http" if tls is None else "https"
        self._names = names
        self._context = context
        self._files = static_files.load("dashboard", POLICY)
        self._web = WebListener(self._answer, self._serve, MAX_PENDING, REQUEST_TIMEOUT_S, tls)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listen, and provide the page's URL. Raise DaemonError."""
        with sockets.bind(self._address, "dashboard.listen") as sock:
            self._web.start(sock)
            try:
                yield f"{self._scheme}://{Address(self._address.host, sock.getsockname()[1])}/"
            finally:
                await self._web.stop(CLOSE_TIMEOUT_S)

    async def _answer(self, _: HttpConnection, request: Request) -> Response | None:
        host = header(request, "Host")
        if not is_known_host(host, self._names):
            words = "Unknown host name; add it to dashboard.names in the configuration."
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

    async def _serve(self, connection: WebSocket) -> None:
        await PageSession(connection, self._context, partial(self._web.admit, connection)).serve()
