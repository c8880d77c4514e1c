"""HTTP listener for Prometheus, which serves only ``GET /metrics``."""

from __future__ import annotations

import contextlib
import http
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import structlog
from websockets.http11 import Request, Response

from householdd.clients.addresses import Address
from householdd.http import methods, responses
from householdd.http.connection import HttpConnection
from householdd.http.headers import header, path_of
from householdd.http.websocket import WebSocket
from householdd.supervisor import sockets
from householdd.supervisor.hosts import is_known_host, own_names
from householdd.supervisor.metrics.exposition import Page
from householdd.supervisor.web_listener import WebListener

log = structlog.get_logger("metrics")

MAX_CONNECTIONS = 16
"""Most connections; one more closes another. A Prometheus server uses one."""

REQUEST_TIMEOUT_S = 5.0
"""Timeout for a request, and again for receiving the response, in seconds."""


class MetricsListener:
    """Serves what ``render`` returns for an ``Accept`` header.

    It runs in the supervisor's event loop, so a scrape fails when the loop is stuck.
    """

    def __init__(self, address: Address, render: Callable[[str], Awaitable[Page]]) -> None:
        self._address = address
        self._render = render
        self._names = own_names()
        self._web = WebListener(self._answer, self._unreachable, MAX_CONNECTIONS, REQUEST_TIMEOUT_S)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listen, and provide the URL to scrape. Raise DaemonError."""
        with sockets.bind(self._address, "metrics_listen") as sock:
            self._web.start(sock)
            try:
                yield f"http://{Address(self._address.host, sock.getsockname()[1])}/metrics"
            finally:
                await self._web.stop(REQUEST_TIMEOUT_S)

    async def _answer(self, _: HttpConnection, request: Request) -> Response | None:
        if self._address.is_loopback and not is_known_host(header(request, "Host"), self._names):
            words = "Unknown host name; use the address or localhost."
            return responses.text(http.HTTPStatus.MISDIRECTED_REQUEST, words)
        if path_of(request.path) == "/metrics":
            return await methods.answer(request, {"GET": partial(self._metrics, request)})
        return responses.text(http.HTTPStatus.NOT_FOUND, "The metrics are at /metrics.")

    async def _metrics(self, request: Request) -> Response:
        try:
            page = await self._render(header(request, "Accept"))
        except Exception:
            log.exception("metrics not rendered")
            words = "Internal error; see the daemon's log."
            return responses.text(http.HTTPStatus.INTERNAL_SERVER_ERROR, words)
        return responses.response(http.HTTPStatus.OK, page.body, page.content_type)

    async def _unreachable(self, _: WebSocket) -> None:
        raise AssertionError("every request is answered before an upgrade")
