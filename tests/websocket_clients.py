"""Clients of the data plane that behave as deployed ones do."""

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
    """Where clients connect: a daemon of this process, or what is known of another's."""

    @property
    def ws_url(self) -> str:
        """What the user id is appended to."""

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the endpoint's certificate."""


class Client:
    """One session. It reads what comes, counts it, and answers as its subclass does."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.received_bytes = 0
        self.sent_bytes = 0
        self.messages: list[dict[str, Any]] = []
        self.arrivals: list[tuple[float, int]] = []
        """Monotonic time and payload bytes of each binary message."""
        self.order: list[str] = []
        """What came in, in order: the type of each message, and "binary" once for any number of payload messages."""
        self.changed = asyncio.Event()

    @property
    def kinds(self) -> Counter[str]:
        """How many messages of each type came in."""
        return Counter(str(message["type"]) for message in self.messages)

    def last(self, kind: str) -> dict[str, Any]:
        """The latest message of a type."""
        return next(message for message in reversed(self.messages) if message["type"] == kind)

    async def send(self, **message: object) -> None:
        """Sends a message."""
        await self.connection.send(json.dumps(message))

    async def read(self) -> None:
        """Reads until the connection ends, however it ends."""
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
                    # What came in before the end is read also when the end has made an answer impossible.
                    with contextlib.suppress(ConnectionClosed):
                        await self.answer(parsed)
                self.changed.set()
        self.changed.set()

    async def answer(self, message: dict[str, Any]) -> None:
        """Answers a message; a plain Client answers none."""

    @property
    def session_id(self) -> str:
        """The daemon's id of the session; known once its first message came in."""
        return str(self.last("session_info")["session_id"])

    async def until(self, condition: Callable[[], object], patience: float = 20.0) -> None:
        """Returns once ``condition()`` holds; looked at whenever something came in."""
        async with asyncio.timeout(patience):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def opened(self) -> None:
        """Returns once the daemon has told of the session, which it knows and counts by then."""
        await self.until(lambda: self.kinds["session_info"])

    async def payload(self) -> None:
        """Returns once more payload has come in than has by now."""
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
    """The deployed worker: echoes only our timestamp, under another name, and answers ``connection_test``."""

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
    """A connected client that reads in the background.

    ``source`` is the address it comes from: any of 127.0.0.0/8, so that it passes for another customer.
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
