"""Answers HTTP requests, and hands WebSocket upgrades to the library."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from householdd.http import upgrades
from householdd.http.reader import RequestError, RequestReader
from householdd.http.responses import Stream, serialize, text

log = structlog.get_logger("http")

SERVER = "householdd"

MAX_LINGER_BYTES = 1024 * 1024
"""Bytes accepted from a client while it is being answered."""


class HttpConnection(ServerConnection):
    """A server connection that parses the request itself.

    The library's parser accepts only requests without a body and hangs up on others, which a proxy in front takes for a
    failed server. So every request is answered here; the library gets only the head of a valid opening handshake.

    ``close_timeout`` bounds each part: receiving the request, making the response, and delivering it.
    """

    __slots__ = ("_dropped", "_news", "_reader", "asked")

    _reader: RequestReader | None
    """None once a WebSocket."""

    _news: asyncio.Event
    """Set when data arrived or the connection ended."""

    _dropped: int | None
    """Bytes since the response was written."""

    asked: bool
    """Whether a complete request arrived."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._reader, self._news, self._dropped, self.asked = RequestReader(), asyncio.Event(), None, False
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            super().data_received(data)
        elif self._dropped is None:
            self._reader.feed(bytes(data))
            self._news.set()
        else:
            self._dropped += len(data)
            if self._dropped > MAX_LINGER_BYTES:
                self.transport.abort()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # the library never keeps its side open
        """Record the end of the client's side; over TCP it may still read the response."""
        if self._reader is None:
            super().eof_received()
            return None
        self._reader.feed_eof()
        self._news.set()
        # Over TLS the transport closes both sides, and logs a warning if a protocol asks otherwise.
        return self.transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._news.set()

    async def handshake(
        self,
        process_request: Callable[[Any, Request], Awaitable[Response | None] | Response | None] | None = None,
        process_response: Callable[[Any, Request, Response], Any] | None = None,
        server_header: str | None = SERVER,
    ) -> None:
        """Answer one request: respond and close, or become a WebSocket.

        ``process_request`` returns None for a WebSocket.
        """
        reader = self._reader
        if reader is None:
            raise AssertionError("a connection has one request")
        response = await self._response(reader, process_request)
        if self.connection_lost_waiter.done():
            return
        if response is not None:
            await self._answer(reader, response, server_header)
        elif reader.request is not None:
            self.begin_websocket(upgrades.head(reader.request), reader.take_behind())
            await super().handshake(None, process_response, server_header)

    async def body(self, max_bytes: int) -> bytes:
        """Return up to ``max_bytes`` bytes. Raise RequestError."""
        if self._reader is None:
            raise AssertionError("a WebSocket has no body")
        if self._reader.expects_continue and self._reader.body(max_bytes) is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while (body := self._reader.body(max_bytes)) is None:
            await self._more()
        return body

    def begin_websocket(self, head: bytes, behind: bytes = b"") -> None:
        self._reader = None
        self.data_received(head)
        if behind:
            self.data_received(behind)

    async def _response(self, reader: RequestReader, process_request: Any) -> Response | None:
        """Return None for a WebSocket, or if the client has gone."""
        try:
            request = await self._request(reader)
            if request is None:
                return None
            self.asked = True
            response = await self._process(process_request, request)
        except RequestError as error:
            return text(error.status, str(error))
        except ConnectionError:
            return None
        return self._upgrade_fault(reader, request) if response is None else response

    async def _request(self, reader: RequestReader) -> Request | None:
        """Return None if the client left. Raise RequestError."""
        try:
            async with asyncio.timeout(self.close_timeout):
                while reader.request is None and reader.error is None and not reader.ended:
                    await self._more()
        except TimeoutError:
            # Browsers open connections in advance, and would take an answer here for that of their next request.
            if reader.began:
                raise RequestError(http.HTTPStatus.REQUEST_TIMEOUT, "The request was not received in time.") from None
        if reader.error is not None:
            raise reader.error
        return reader.request

    async def _process(self, process_request: Any, request: Request) -> Response | None:
        try:
            async with asyncio.timeout(self.close_timeout):
                response = process_request(self, request)
                if isinstance(response, Awaitable):
                    response = await response
        except TimeoutError:
            message = "The server did not answer in time."
            raise RequestError(http.HTTPStatus.SERVICE_UNAVAILABLE, message) from None
        except (RequestError, ConnectionError):
            raise
        except Exception:
            log.exception("request failed", path=request.path.partition("?")[0])
            message = "Internal error; see the server's log."
            raise RequestError(http.HTTPStatus.INTERNAL_SERVER_ERROR, message) from None
        if response is not None and not isinstance(response, Response):
            raise TypeError("a request is answered by a response, or by None")
        return response

    def _upgrade_fault(self, reader: RequestReader, request: Request) -> Response | None:
        if not self.server.is_serving():
            message = "The server is shutting down; try again in a moment."
            return text(http.HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "2"})
        if reader.overflowed:
            return text(http.HTTPStatus.BAD_REQUEST, "Too much data before the WebSocket was open.")
        return upgrades.fault(request)

    async def _more(self) -> None:
        if self.connection_lost_waiter.done():
            raise ConnectionError
        self._news.clear()
        await self._news.wait()

    async def _answer(self, reader: RequestReader, response: Response, server: str | None) -> None:
        method = None if reader.request is None else reader.request.method
        self._dropped = 0
        self.transport.write(serialize(response, method, server))
        if isinstance(response, Stream) and response.send is not None and method != "HEAD":
            await response.send()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.close_timeout):
                await self._linger(reader)
        self.transport.abort()

    async def _linger(self, reader: RequestReader) -> None:
        """Half-close, and read until the client closes (RFC 9112, section 9.6).

        Closing with unread data resets the connection, which may overtake the response.
        """
        if self.transport.can_write_eof():
            self.transport.write_eof()
            while not (reader.ended or self.connection_lost_waiter.done()):
                self._news.clear()
                await self._news.wait()
        self.transport.close()
        await asyncio.shield(self.connection_lost_waiter)
