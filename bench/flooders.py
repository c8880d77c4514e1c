"""Sessions that flood the server with frames, as a process: ``python -m bench.flooders``.

Reads an Order as JSON from standard input, runs for its time, and writes a Report to standard output. Frames are
encoded beforehand, and what the server has not taken is not added to: on the same machine an attacker must be cheap.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import sys
from typing import cast

import msgspec
import uvloop
from websockets.frames import Frame, Opcode

from bench.readers import upgrade

FRAMES_PER_S = 480
"""Frames of one session: just less than one connection may send."""

BATCHES_PER_S = 48
"""Writes of one session."""

RAMP_S = 3.0
"""Time before the first frame, in which all sessions are opened: a flood would be noticed before the last ones came."""

RETURN_S = 1.0
"""Time after which a session that ended or was refused is opened again."""


def _frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


KINDS = {
    "WebSocket pings": (b"", _frame(Opcode.PING, bytes(8))),
    "JSON pings": (b"", _frame(Opcode.TEXT, b'{"type":"ping","timestamp":1}')),
    "empty binary": (b"", _frame(Opcode.BINARY, b"")),
    "junk": (b"", _frame(Opcode.TEXT, b"{junk")),
    "fragments": (_frame(Opcode.TEXT, b"", fin=False), _frame(Opcode.CONT, b" ", fin=False)),
}
"""What a session begins with, and the frame that it repeats."""


class Order(msgspec.Struct):
    """Parameters of a flood."""

    host: str
    port: int
    sources: list[str]
    """For each session the address that it comes from."""
    kinds: list[str]
    """Of the sessions, in turn."""
    seconds: float


class Report(msgspec.Struct):
    """Result of a flood."""

    most: int
    """Peak number of sessions."""
    sessions: int
    """Sessions that were opened and ended by the server."""
    refused: int
    """Connections that got no session."""
    wanted: int
    """Frames that were due."""
    sent: int
    """Frames that the server's TCP and TLS had taken, or were about to."""


class Flooder(asyncio.Protocol):
    """One session."""

    def __init__(self, kind: str) -> None:
        self._first, frame = KINDS[kind]
        self._batch = frame * (FRAMES_PER_S // BATCHES_PER_S)
        self.open = self.was_open = False
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(upgrade("alex?throughput=1"))

    def data_received(self, data: bytes) -> None:
        if self.open:
            return
        if b" 101 " in data[:20]:
            self.open = self.was_open = True
            self._transport.write(self._first)
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.open = False
        self.over.set()

    def flood(self) -> bool:
        """Write a batch, unless the one before still waits."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size():
            return False
        self._transport.write(self._batch)
        return True

    def end(self) -> None:
        self._transport.abort()


class Flood:
    """All sessions at once."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        self._open: set[Flooder] = set()
        self.report = Report(0, 0, 0, 0, 0)

    async def run(self) -> None:
        order = self._order
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        tasks = [
            asyncio.create_task(
                self._slot(source, order.kinds[number % len(order.kinds)], number / len(order.sources) * RAMP_S / 2)
            )
            for number, source in enumerate(order.sources)
        ]
        tasks.append(asyncio.create_task(self._write()))
        # A slot ends by a defect only.
        ended, _ = await asyncio.wait(tasks, timeout=order.seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _slot(self, source: str, kind: str, delay: float) -> None:
        await asyncio.sleep(delay)
        loop = asyncio.get_running_loop()
        while True:
            flooder = Flooder(kind)
            with contextlib.suppress(OSError):
                await loop.create_connection(
                    lambda made=flooder: made,  # type: ignore[misc]  # a default binds the loop's variable
                    self._order.host,
                    self._order.port,
                    ssl=self._tls,
                    server_hostname="localhost",
                    local_addr=(source, 0),
                )
                self._open.add(flooder)
                try:
                    await flooder.over.wait()
                finally:
                    flooder.end()
                    self._open.discard(flooder)
            self.report.sessions += flooder.was_open
            self.report.refused += not flooder.was_open
            await asyncio.sleep(RETURN_S)

    async def _write(self) -> None:
        loop, report = asyncio.get_running_loop(), self.report
        await asyncio.sleep(RAMP_S)
        due = loop.time()
        while True:
            due += 1 / BATCHES_PER_S
            await asyncio.sleep(due - loop.time())
            playing = [each for each in self._open if each.open]
            report.most = max(report.most, len(playing))
            report.wanted += len(playing) * FRAMES_PER_S // BATCHES_PER_S
            report.sent += sum(each.flood() for each in playing) * FRAMES_PER_S // BATCHES_PER_S


def main() -> None:
    os.nice(5)
    flood = Flood(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))
    uvloop.run(flood.run())
    sys.stdout.buffer.write(msgspec.json.encode(flood.report))


if __name__ == "__main__":
    main()
