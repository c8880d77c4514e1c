"""Clients of the data plane that behave as deployed ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Endpoint(Protocol):
    """What clients connect to: a daemon of this process, or another's."""

    @property
    def ws_url(self) -> str:
        """Prefix of a session's URL."""

    @property
    def tls(self) -> ssl.SSLContext:
        """Context that trusts the endpoint's certificate."""


class Client:
    """One session; reads, counts, and answers as its subclass does."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.received_bytes = 0
        self.sent_bytes = 0
        self.messages: list[dict[str, Any]] = []
        self.arrivals: list[tuple[float, int]] = []
        """Monotonic time and payload bytes of each binary message."""
        self.order: list[str] = []
        """Types of messages in order of arrival, with "binary" once for consecutive payload messages."""
        self.changed = asyncio.Event()

    @property
    def kinds(self) -> Counter[str]:
        """Number of messages by type."""
        return Counter(str(message["type"]) for message in self.messages)

    def last(self, kind: str) -> dict[str, Any]:
        """Return the latest message of a type."""
        return next(message for message in reversed(self.messages) if message["type"] == kind)

    async def send(self, **message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def read(self) -> None:
        """Read until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self.connection:
                if isinstance(message, bytes):
                    self.received_bytes += len(message)
                    self.arrivals.append((time.monotonic(), len(message)))
                    if self.order[-1:] != ["binary"]:
                        self.order.append("binary")
                else:
                    parsed = json.loads(message)
                    self.messages.append(parsed)
                    self.order.append(parsed["type"])
                    # Messages that arrived before the end are read even if answering fails.
                    with contextlib.suppress(ConnectionClosed):
                        await self.answer(parsed)
                self.changed.set()
        self.changed.set()

    async def answer(self, message: dict[str, Any]) -> None:
        """Answer a message; a plain Client does not."""

    @property
    def session_id(self) -> str:
        """The daemon's id of the session, known after its first message."""
        return str(self.last("session_info")["session_id"])

    async def until(self, condition: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait until ``condition()`` holds, checked after each message."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def opened(self) -> None:
        """Wait until the daemon has announced the session, which it then counts."""
        await self.until(lambda: self.kinds["session_info"])

    async def payload(self) -> None:
        """Wait for more payload."""
        before = self.received_bytes
        await self.until(lambda: self.received_bytes > before)

    async def _upload(self, message: dict[str, Any]) -> None:
        left = message["target_bytes"]
        while left > 0:
            size = min(left, message["optimal_chunk_size"])
            await self.connection.send(bytes(size))
            self.sent_bytes += size
            left -= size


class OldPage(Client):
    """The deployed page: echoes pings, uploads, never answers ``connection_test``."""

    async def answer(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self.send(
                    type="pong",
                    user_id=message["user_id"],
                    sequence=message["sequence"],
                    timestamp=message["timestamp"],
                    client_timestamp=time.time() * 1e3,
                    server_time=message["server_time"],
                )
            case "real_upload_request":
                await self.send(type="real_upload_data", size=message["target_bytes"])
                await self._upload(message)


class OldWorker(Client):
    """The deployed worker: echoes only the server's timestamp, under another name, and answers ``connection_test``."""

    async def answer(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self.send(type="pong", client_timestamp=message["timestamp"], server_timestamp=time.time() * 1e3)
            case "connection_test":
                await self.send(
                    type="connection_test_response",
                    user_id=message["user_id"],
                    timestamp=message["timestamp"],
                    client_timestamp=time.time() * 1e3,
                )
            case "real_upload_request":
                await self.send(type="bulk_upload_data", size=message["target_bytes"])
                await self._upload(message)


T = TypeVar("T", bound=Client)


@contextlib.asynccontextmanager
async def client(
    endpoint: Endpoint,
    user_id: str,
    kind: type[T],
    query: str = "",
    user_agent: str = "a test",
    *,
    source: str | None = None,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[T]:
    """Connect a client that reads in the background.

    ``source`` is its address, any of 127.0.0.0/8, so that it counts as another customer.
    """
    async with connect(
        f"{endpoint.ws_url}{user_id}{query}",
        ssl=endpoint.tls if endpoint.ws_url.startswith("wss") else None,
        compression=None,
        ping_interval=None,
        max_size=None,
        proxy=None,
        user_agent_header=user_agent,
        additional_headers=headers,
        local_addr=(source, 0) if source is not None else None,
    ) as connection:
        made = kind(connection)
        reading = asyncio.create_task(made.read())
        try:
            yield made
        finally:
            await connection.close()
            await reading
