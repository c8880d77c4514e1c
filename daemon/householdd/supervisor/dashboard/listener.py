"""Where the dashboard is served: its files, and one WebSocket."""

from __future__ import annotations

import contextlib
import http
import ssl
from collections.abc import AsyncIterator
from functools import partial

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from householdd.clients.addresses import Address
from householdd.clients.origins import is_same_origin
from householdd.http import methods, responses, static_files
from householdd.http.headers import header, path_of
from householdd.http.methods import Methods
from householdd.http.responses import file
from householdd.supervisor import sockets
from householdd.supervisor.dashboard.page_session import PageContext, PageSession
from householdd.supervisor.hosts import is_known_host
from householdd.supervisor.web_listener import WebListener

log = structlog.get_logger("dashboard")

MAX_PENDING = 128
"""Connections at once beside the pages that are logged in; for one more another one goes, a stranger's if it can be."""

REQUEST_TIMEOUT_S = 5.0
"""Seconds for TLS, for a request, and to take the answer."""

CLOSE_TIMEOUT_S = 0.5
"""Seconds that pages have to answer the daemon's goodbye."""

LIVE = "/live"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class DashboardListener:
    """Serves the page at ``address``, over TLS where there is a context; ``names`` are host names that lead here."""

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

    async def _serve(self, connection: ServerConnection) -> None:
        await PageSession(connection, self._context, partial(self._web.admit, connection)).serve()
