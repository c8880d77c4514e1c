"""Reads one HTTP request from a connection, and answers it or gives the connection to a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from websockets.http11 import Request, Response

from householdd.http import upgrades
from householdd.http.closed_transport import CLOSED
from householdd.http.read_buffer import BUFFER
from householdd.http.reader import RequestError, RequestReader
from householdd.http.responses import Stream, serialize, text

log = structlog.get_logger("http")

SERVER = "householdd"

MAX_LINGER_BYTES = 1024 * 1024
"""Bytes accepted from a client while it is being answered."""


class HttpConnection(asyncio.BufferedProtocol):
    """The protocol of a transport up to the response to its one request.

    Every request is answered here, also those that a WebSocket library hangs up on: a proxy in front takes that for a
    failed server.
    """

    __slots__ = ("__weakref__", "_dropped", "_lost", "_news", "_reader", "_timeout", "asked", "transport")

    transport: asyncio.Transport
    """Set by :meth:`connection_made`; ``CLOSED`` from the end of the connection on."""

    def __init__(self, timeout: float) -> None:
        """``timeout``, in seconds, bounds each part: receiving the request, making the response, and delivering it."""
        self._timeout = timeout
        self._reader = RequestReader()
        self._news = asyncio.Event()
        """Set when data arrived or the connection ended."""
        self._lost = False
        self._dropped: int | None = None
        """Bytes that arrived since the response was written; None before."""
        self.asked = False
        """Whether a complete request arrived."""

    @property
    def made(self) -> bool:
        """Whether there is a transport: TLS, if any, is done."""
        return hasattr(self, "transport")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        if self._dropped is None:
            self._reader.feed(bytes(BUFFER[:nbytes]))
            self._news.set()
            return
        self._dropped += nbytes
        if self._dropped > MAX_LINGER_BYTES:
            self.transport.abort()

    def eof_received(self) -> bool:
        """Record the end of the client's side; over TCP it may still read the response."""
        self._reader.feed_eof()
        self._news.set()
        # Over TLS the transport closes both sides, and logs a warning if a protocol asks otherwise.
        return self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._lost = True
        self._news.set()
        self.transport = CLOSED

    async def answer(
        self,
        process: Callable[[Any, Request], Awaitable[Response | None]],
        serving: Callable[[], bool],
    ) -> Request | None:
        """Answer the request and close; or return it once it may be upgraded, and leave the connection open.

        ``process`` returns the response, or None for a WebSocket. ``serving`` returns whether upgrades are accepted.
        """
        response, request = await self._response(process, serving)
        if self._lost:
            return None
        if response is not None:
            await self._deliver(response)
            return None
        return request

    def upgrade(self, request: Request, protocol: asyncio.BufferedProtocol) -> bytes:
        """Accept a request that :meth:`answer` returned: give the transport to ``protocol``.

        Return the bytes that arrived behind the request; ``protocol`` gets all later ones.
        """
        self.transport.write(upgrades.accept(request, SERVER).serialize())
        behind = self._reader.take_behind()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        return behind

    async def body(self, max_bytes: int) -> bytes:
        """Return up to ``max_bytes`` bytes. Raise RequestError."""
        if self._reader.expects_continue and self._reader.body(max_bytes) is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while (body := self._reader.body(max_bytes)) is None:
            await self._more()
        return body

    async def _response(
        self, process: Callable[[Any, Request], Awaitable[Response | None]], serving: Callable[[], bool]
    ) -> tuple[Response | None, Request | None]:
        """Return no response for a WebSocket, or if the client has gone; then there is no request either."""
        try:
            request = await self._request()
            if request is None:
                return None, None
            self.asked = True
            response = await self._process(process, request)
        except RequestError as error:
            return text(error.status, str(error)), None
        except ConnectionError:
            return None, None
        return self._upgrade_fault(request, serving) if response is None else response, request

    async def _request(self) -> Request | None:
        """Return None if the client left. Raise RequestError."""
        reader = self._reader
        try:
            async with asyncio.timeout(self._timeout):
                while reader.request is None and reader.error is None and not reader.ended:
                    await self._more()
        except TimeoutError:
            # Browsers open connections in advance, and would take an answer here for that of their next request.
            if reader.began:
                raise RequestError(http.HTTPStatus.REQUEST_TIMEOUT, "The request was not received in time.") from None
        if reader.error is not None:
            raise reader.error
        return reader.request

    async def _process(
        self, process: Callable[[Any, Request], Awaitable[Response | None]], request: Request
    ) -> Response | None:
        try:
            async with asyncio.timeout(self._timeout):
                return await process(self, request)
        except TimeoutError:
            message = "The server did not answer in time."
            raise RequestError(http.HTTPStatus.SERVICE_UNAVAILABLE, message) from None
        except (RequestError, ConnectionError):
            raise
        except Exception:
            log.exception("request failed", path=request.path.partition("?")[0])
            message = "Internal error; see the server's log."
            raise RequestError(http.HTTPStatus.INTERNAL_SERVER_ERROR, message) from None

    def _upgrade_fault(self, request: Request, serving: Callable[[], bool]) -> Response | None:
        if not serving():
            message = "The server is shutting down; try again in a moment."
            return text(http.HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "2"})
        if self._reader.overflowed:
            return text(http.HTTPStatus.BAD_REQUEST, "Too much data before the WebSocket was open.")
        return upgrades.fault(request)

    async def _more(self) -> None:
        if self._lost:
            raise ConnectionError
        self._news.clear()
        await self._news.wait()

    async def _deliver(self, response: Response) -> None:
        request = self._reader.request
        method = None if request is None else request.method
        self._dropped = 0
        self.transport.write(serialize(response, method, SERVER))
        if isinstance(response, Stream) and response.send is not None and method != "HEAD":
            await response.send()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._linger()
        self.transport.abort()

    async def _linger(self) -> None:
        """Half-close, and read until the client closes (RFC 9112, section 9.6).

        Closing with unread data resets the connection, which may overtake the response.
        """
        if self.transport.can_write_eof():
            self.transport.write_eof()
            while not (self._reader.ended or self._lost):
                await self._more()
        self.transport.close()
        while not self._lost:
            await self._more()
