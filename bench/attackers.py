"""Hostile connections from many addresses, as a process: ``python -m bench.attackers``.

Reads an Order as JSON from standard input, runs for its time, and writes a Report to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable

import msgspec
import uvloop
from websockets.frames import Frame, Opcode

from bench.readers import upgrade

BLOCKS = 50
"""IPv4 /24, from 127.1.0.0/24."""

HOSTS = 20
"""Addresses per block."""

HOLD_S = 20.0
"""Time after which a tolerated connection is reopened."""

RAMP_S = 20.0
"""Time over which connections are opened; a TLS handshake costs this process about as much as the server."""

RECEIVE_BUFFER_BYTES = 32 * 1024
"""Kernel buffer; a larger one would make clients that never read a test of bulk transfer."""

RECONNECT_INTERVAL_S = 20.0
"""Pause between two connections of a slot."""


class Order(msgspec.Struct):
    """Parameters of an attack."""

    host: str
    port: int
    connections: int
    seconds: float


class Report(msgspec.Struct):
    """Result of an attack."""

    opened: dict[str, int]
    """TCP connections, by kind."""
    failed: dict[str, int]
    """Connections that failed or were reset, by error."""
    most: int
    """Peak number of connections."""


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _until_ended(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def silent(streams: Streams) -> None:
    """Connect and send nothing."""
    await _until_ended(streams[0])


async def half_hello(streams: Streams) -> None:
    """Begin TLS and stop."""
    streams[1].write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    await _until_ended(streams[0])


async def junk(streams: Streams) -> None:
    """Send noise instead of TLS."""
    streams[1].write(os.urandom(4096))
    await _until_ended(streams[0])


async def dribble(streams: Streams) -> None:
    """Send a request over TLS, one byte per second."""
    streams[1].write(b"GET / HTTP/1.1\r\nX: ")
    while not streams[0].at_eof():
        streams[1].write(b"a")
        await streams[1].drain()
        await asyncio.sleep(1)


def session(frame: bytes, user: str = "alex") -> Callable[[Streams], Awaitable[None]]:
    """Open a session and flood it with a frame."""

    async def flood(streams: Streams) -> None:
        reader, writer = streams
        writer.write(upgrade(user))
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(500):
            writer.write(frame)
            await writer.drain()
        await _until_ended(reader)

    return flood


async def unread(streams: Streams) -> None:
    """Open the session with the most payload and never read."""
    streams[1].write(upgrade("computer"))
    await asyncio.sleep(HOLD_S)


PING = Frame(Opcode.PING, bytes(125)).serialize(mask=True) * 10
UPLOAD = Frame(Opcode.BINARY, bytes(32 * 1024)).serialize(mask=True)

KINDS: dict[str, tuple[int, bool, Callable[[Streams], Awaitable[None]]]] = {
    "never begins TLS": (40, False, silent),
    "begins TLS and leaves it": (15, False, half_hello),
    "junk instead of TLS": (10, False, junk),
    "a request, a byte a second": (15, True, dribble),
    "floods pings": (5, True, session(PING)),
    "floods uploads": (5, True, session(UPLOAD)),
    "never reads": (10, True, unread),
}
"""Share in per cent, whether it uses TLS, and behaviour of each kind."""


class Attack:
    """All connections at once."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        self._open = 0
        self.report = Report({}, {}, 0)

    async def run(self) -> None:
        """Open the connections, and keep them open until the time is over."""
        # uvloop reports transports aborted with pending writes.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        kinds = [kind for kind, (part, _, _) in KINDS.items() for _ in range(part)]
        slots = [
            asyncio.create_task(self._slot(number, kinds[number * 37 % len(kinds)]))
            for number in range(self._order.connections)
        ]
        await asyncio.sleep(RAMP_S + self._order.seconds)
        for slot in slots:
            slot.cancel()
        await asyncio.wait(slots)

    async def _slot(self, number: int, kind: str) -> None:
        source = f"127.1.{number % BLOCKS}.{1 + number // BLOCKS % HOSTS}"
        _, tls, behave = KINDS[kind]
        await asyncio.sleep(number / self._order.connections * RAMP_S)
        while True:
            try:
                await self._once(source, tls, behave, kind)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self._count(self.report.failed, type(error).__name__)
            await asyncio.sleep(RECONNECT_INTERVAL_S)

    async def _once(self, source: str, tls: bool, behave: Callable[[Streams], Awaitable[None]], kind: str) -> None:  # noqa: FBT001 - a column of KINDS
        sock = socket.socket()
        try:
            sock.settimeout(0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            sock.bind((source, 0))
            await asyncio.get_running_loop().sock_connect(sock, (self._order.host, self._order.port))
        except BaseException:
            sock.close()
            raise
        streams = await asyncio.open_connection(
            sock=sock,
            limit=4096,
            ssl=self._tls if tls else None,
            server_hostname="localhost" if tls else None,
            ssl_handshake_timeout=HOLD_S if tls else None,
        )
        self._count(self.report.opened, kind)
        self._open += 1
        self.report.most = max(self.report.most, self._open)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HOLD_S):
                    await behave(streams)
        finally:
            self._open -= 1
            streams[1].transport.abort()

    @staticmethod
    def _count(counts: dict[str, int], key: str) -> None:
        counts[key] = counts.get(key, 0) + 1


def main() -> None:
    os.nice(10)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    attack = Attack(order)
    uvloop.run(attack.run())
    sys.stdout.buffer.write(msgspec.json.encode(attack.report))


if __name__ == "__main__":
    main()
