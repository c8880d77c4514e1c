"""Opens sessions and abandons each in its own way: ``python -m tests.soak.abandon URL CA COUNT SEED``.

The choice of ways is random and seeded, so that a run can be repeated. Prints how often each way was gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

AT_ONCE = 64
"""Sessions at a time."""

TIMEOUT_S = 20.0
"""Seconds after which a way that should have ended has failed."""

USERS = ("alex", "sarah", "jake", "computer")


class Connection:
    """A client connection without manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str) -> None:
        self.reader = reader
        self.writer = writer
        self.user = user

    async def upgrade(self) -> None:
        """Becomes a session."""
        self.writer.write(
            f"GET /ws/virtual-household/{self.user} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise AssertionError(head)

    def send(self, opcode: Opcode, data: bytes, *, mask: bool = True) -> None:
        """Sends a frame."""
        self.writer.write(Frame(opcode, data).serialize(mask=mask))

    async def until_closed(self) -> None:
        """Reads and drops until the server ends the connection."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """Ends the connection with a RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def close_cleanly(connection: Connection) -> None:
    await connection.upgrade()
    connection.send(Opcode.CLOSE, b"\x03\xe8")
    await connection.until_closed()


async def reset(connection: Connection) -> None:
    await connection.upgrade()
    await connection.reader.read(1)
    connection.reset()


async def end_tls_only(connection: Connection) -> None:
    await connection.upgrade()
    connection.writer.close()


async def reset_before_upgrade(connection: Connection) -> None:
    connection.reset()


async def reset_in_upgrade(connection: Connection) -> None:
    connection.writer.write(b"GET /ws/virtual-household/alex HTTP/1.1\r\nHost: loc")
    await connection.writer.drain()
    connection.reset()


async def ask_for_an_unknown_user(connection: Connection) -> None:
    connection.user = "nobody"
    with contextlib.suppress(AssertionError):
        await connection.upgrade()


async def stop_the_test(connection: Connection) -> None:
    await connection.upgrade()
    connection.send(Opcode.TEXT, b'{"type":"stop_test"}')
    await connection.until_closed()


async def break_the_framing(connection: Connection) -> None:
    await connection.upgrade()
    connection.send(Opcode.BINARY, b"not masked", mask=False)
    await connection.until_closed()


async def send_a_huge_text(connection: Connection) -> None:
    await connection.upgrade()
    connection.send(Opcode.TEXT, b" " * 20_000)
    await connection.until_closed()


async def send_junk(connection: Connection) -> None:
    await connection.upgrade()
    for _ in range(30):
        connection.send(Opcode.TEXT, b"{")
    await connection.until_closed()


async def stop_reading(connection: Connection) -> None:
    await connection.upgrade()
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads has it
    await asyncio.sleep(0.1)
    connection.reset()


async def fall_silent(connection: Connection) -> None:
    await connection.upgrade()
    await connection.until_closed()


async def upload_and_reset(connection: Connection) -> None:
    await connection.upgrade()
    connection.send(Opcode.BINARY, os.urandom(50_000))
    await connection.writer.drain()
    connection.reset()


WAYS: tuple[Callable[[Connection], Awaitable[None]], ...] = (
    close_cleanly,
    reset,
    end_tls_only,
    reset_before_upgrade,
    reset_in_upgrade,
    ask_for_an_unknown_user,
    stop_the_test,
    break_the_framing,
    send_a_huge_text,
    send_junk,
    stop_reading,
    fall_silent,
    upload_and_reset,
)


async def abandon_all(url: str, ca_file: str, count: int, seed: int) -> Counter[str]:
    """Runs ``count`` random ways, ``AT_ONCE`` at a time; how often each was gone."""
    # Reproducible choice, not secrecy.
    choice = random.Random(seed)
    tls = ssl.create_default_context(cafile=ca_file)
    target = urlsplit(url)
    gate = asyncio.Semaphore(AT_ONCE)
    gone: Counter[str] = Counter()

    async def one(way: Callable[[Connection], Awaitable[None]], user: str) -> None:
        async with gate, asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection(target.hostname, target.port, ssl=tls)
            try:
                await way(Connection(reader, writer, user))
            # The server may end a connection before the client's last word; that is its right.
            except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                gone["ended by the server first"] += 1
            finally:
                writer.transport.abort()
            gone[way.__name__] += 1

    await asyncio.gather(*(one(choice.choice(WAYS), choice.choice(USERS)) for _ in range(count)))
    return gone


if __name__ == "__main__":
    url, ca_file, count, seed = sys.argv[1:]
    for name, times in sorted(asyncio.run(abandon_all(url, ca_file, int(count), int(seed))).items()):
        print(f"{times:6} {name}")  # noqa: T201 - the result
