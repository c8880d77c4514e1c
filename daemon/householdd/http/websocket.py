"""A WebSocket whose messages are awaited, for the few connections of an operators' port."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import cast

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SEND_EOF
from websockets.server import ServerProtocol

from householdd.http.closed_transport import CLOSED
from householdd.http.read_buffer import BUFFER

MAX_WAITING_MESSAGES = 4
"""Received messages beyond which nothing more is read."""

PING_INTERVAL_S = 20.0
"""Seconds between two pings, and for something to arrive after one. Proxies give up silent connections after 60 s."""

CLOSE_TIMEOUT_S = 10.0
"""Seconds for the client to end a connection that is closing."""


class WebSocketClosed(Exception):  # noqa: N818 - an end, not always an error
    """The connection has ended, or is ending."""


class WebSocket(asyncio.BufferedProtocol):
    """A server's WebSocket; the iteration over it yields messages until it closes."""

    def __init__(self, max_message_bytes: int) -> None:
        self._protocol = ServerProtocol(state=OPEN, max_size=max_message_bytes)
        self._transport: asyncio.Transport | None = None
        self.peer = ("", 0)
        """Address and port of the client; set by :meth:`connection_made`."""
        self._messages: deque[str | bytes] = deque()
        self._parts: list[Frame] = []
        """Beginning of a fragmented message."""
        self._arrived = asyncio.Event()
        """Set when a message arrived or the connection is ending."""
        self._drained = asyncio.Event()
        self._drained.set()
        self._lost = asyncio.Event()
        self._ending = False
        self._heard = False
        """Whether anything arrived since the last ping."""

    @property
    def _connected(self) -> asyncio.Transport:
        if self._transport is None:
            raise AssertionError("a WebSocket is used after its upgrade")
        return self._transport

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.recv()
        except WebSocketClosed:
            raise StopAsyncIteration from None

    async def recv(self) -> str | bytes:
        """Return the next message: a str if it is text. Raise WebSocketClosed."""
        while not self._messages:
            if self._ending:
                raise WebSocketClosed
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        if len(self._messages) == MAX_WAITING_MESSAGES and not self._connected.is_closing():
            self._connected.resume_reading()
        return message

    async def send(self, text: bytes) -> None:
        """Send a text message, and wait while too much is unsent. Raise WebSocketClosed."""
        await self._drained.wait()
        if self._ending:
            raise WebSocketClosed
        self._protocol.send_text(text)
        self._write()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait until the connection has ended; it is reset if the client does not end it."""
        if not self._ending:
            self._protocol.send_close(code, reason)
            self._write()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._lost.wait()
        self._connected.abort()

    async def keep_alive(self) -> None:
        """Ping until the connection ends, and reset it if nothing comes back."""
        while not self._lost.is_set():
            self._heard = False
            if not self._ending:
                self._protocol.send_ping(b"")
                self._write()
            await asyncio.sleep(PING_INTERVAL_S)
            if not (self._heard or len(self._messages) > MAX_WAITING_MESSAGES):
                self._connected.abort()
                return

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.peer = transport.get_extra_info("peername")[:2]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._lost.set()
        self._transport = CLOSED
        self._end()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        self.receive(bytes(BUFFER[:nbytes]))

    def receive(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._heard = True
        if self._connected.is_closing():
            return
        self._protocol.receive_data(data)
        self._write()
        # Requests come only before a protocol object is OPEN.
        for frame in cast("list[Frame]", self._protocol.events_received()):
            self._take(frame)

    def eof_received(self) -> None:
        """End the connection; the transport closes it."""
        self._protocol.receive_eof()
        self._end()

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._parts.append(frame)
        if not frame.fin:
            return
        parts, self._parts = self._parts, []
        data = b"".join(part.data for part in parts)
        try:
            self._messages.append(data.decode() if parts[0].opcode is Opcode.TEXT else data)
        except UnicodeDecodeError as error:
            self._protocol.fail(1007, f"{error.reason} at position {error.start}")
            self._write()
            return
        if len(self._messages) == MAX_WAITING_MESSAGES + 1 and not self._connected.is_closing():
            self._connected.pause_reading()
        self._arrived.set()

    def _end(self) -> None:
        """Wake whoever waits for the client: nothing more is sent or received."""
        self._ending = True
        self._arrived.set()
        self._drained.set()

    def _write(self) -> None:
        """Write what the protocol object has to send. It is OPEN until one side has begun to close."""
        transport = self._connected
        parts = self._protocol.data_to_send()
        if self._protocol.state is not OPEN:
            self._end()
        if transport.is_closing():
            return
        if data := b"".join(parts):
            transport.write(data)
        if SEND_EOF in parts:
            transport.close()
