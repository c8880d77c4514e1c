"""Where Prometheus asks: one small HTTP service, ``GET /metrics`` and nothing else."""

from __future__ import annotations

import http
from collections.abc import Awaitable, Callable

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.core.addresses import Address
from householdd.supervisor import listening
from householdd.supervisor.bounded import bounded
from householdd.supervisor.metrics.exposition import Page

log = structlog.get_logger("metrics")

MAX_CONNECTIONS = 16
"""Connections at once; one more is closed without an answer. A Prometheus server takes one."""

PATIENCE = 5.0
"""Seconds that a client has to send its request, and as long again to take the answer."""


class MetricsListener:
    """Serves what ``render`` makes of an ``Accept`` header.

    In the supervisor's own event loop: when that is stuck the scrape fails, as it should, where a thread of its own
    would go on showing old figures.
    """

    def __init__(self, address: Address, render: Callable[[str], Awaitable[Page]]) -> None:
        self._address = address
        self._render = render
        self._server: Server | None = None
        """Set while it is served."""

    async def start(self) -> str:
        """Listens; the URL to scrape. Raises DaemonError."""
        sock = listening.bind(self._address, "metrics_listen")
        self._server = await serve(
            self._unreachable,
            sock=sock,
            process_request=self._answer,
            create_connection=bounded(MAX_CONNECTIONS),
            server_header="householdd",
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
        )
        return f"http://{Address(self._address.host, sock.getsockname()[1])}/metrics"

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, _: ServerConnection, request: Request) -> Response:
        if request.path.partition("?")[0] != "/metrics":
            return _response(http.HTTPStatus.NOT_FOUND, b"The metrics are at /metrics.\n")
        if request.method != "GET":
            return _response(http.HTTPStatus.METHOD_NOT_ALLOWED, b"Only GET is answered here.\n", Allow="GET")
        try:
            page = await self._render(", ".join(request.headers.get_all("Accept")))
        except Exception:
            # The library would answer as well, and tell nobody why.
            log.exception("metrics not rendered")
            return _response(http.HTTPStatus.INTERNAL_SERVER_ERROR, b"The daemon's log says what went wrong.\n")
        return _response(http.HTTPStatus.OK, page.body, page.content_type)

    async def _unreachable(self, _: ServerConnection) -> None:
        raise AssertionError("every request is answered before an upgrade")


def _response(
    status: http.HTTPStatus, body: bytes, content_type: str = "text/plain; charset=utf-8", **headers: str
) -> Response:
    always = {"Content-Type": content_type, "Content-Length": str(len(body)), "Connection": "close"}
    return Response(status.value, status.phrase, Headers({**always, **headers}), body)
