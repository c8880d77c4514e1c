"""Servers of paced sessions, without liveness, figures or control: KIND STATE_DIR FILE.

FILE gets two 64-bit counts: portions so far, and those more than ``LATE_S`` late.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import mmap
import os
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from bench.peers.bulk import asked
from bench.peers.listening import listener, tls
from householdd.config.profiles import read_profiles
from householdd.traffic.shapes import BURST_TICK_S, Burst, Constant

LATE_S = 0.005


class Lateness:
    """The counts in the file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._counts = memoryview(mmap.mmap(file.fileno(), 16)).cast("Q")

    def observe(self, seconds: float) -> None:
        """Count one portion."""
        self._counts[0] += 1
        self._counts[1] += seconds > LATE_S

    def read(self) -> tuple[int, int]:
        """Return the counts of all portions and of late ones."""
        return self._counts[0], self._counts[1]


class Portions:
    """Traffic of a user: ``payload`` in each portion."""

    def __init__(self, request: str) -> None:
        user = request.partition(" HTTP/")[0].rpartition("/")[2].partition("_")[0]
        shape = read_profiles(None).by_key[user].download.shape()
        if not isinstance(shape, Constant | Burst):
            raise SystemExit(f"{user} has no portions")
        self._interval = 1 / shape.tick_hz if isinstance(shape, Constant) else BURST_TICK_S
        self._off = shape.off if isinstance(shape, Burst) else 0.0
        self._in_burst = round(shape.on / BURST_TICK_S) if isinstance(shape, Burst) else 0
        self.payload = os.urandom(round(shape.rate_bps / 8 * self._interval))

    def intervals(self) -> Iterator[float]:
        """Yield the seconds between portions, endlessly."""
        for turn in itertools.count():
            yield self._interval + (self._off if turn and self._in_burst and turn % self._in_burst == 0 else 0.0)


async def websockets(sock: socket.socket, context: ssl.SSLContext | None, lateness: Lateness) -> None:
    """A plain server of the library that householdd uses: one task per session, which sleeps and sends."""

    async def discard(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                pass

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        portions = Portions(connection.request.path)
        discarding = asyncio.create_task(discard(connection))
        # The event loop's time stands still within an iteration, however many sessions run in it.
        at = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            for interval in portions.intervals():
                at += interval
                await asyncio.sleep(at - time.monotonic())
                lateness.observe(time.monotonic() - at)
                await connection.send(portions.payload)
        await discarding

    async with serve(handler, sock=sock, ssl=context, compression=None, ping_interval=None):
        await asyncio.Event().wait()


async def timers(sock: socket.socket, context: ssl.SSLContext | None, lateness: Lateness) -> None:
    """The limit: one timer per portion, one write by OpenSSL to the socket. Input is not read."""
    loop = asyncio.get_running_loop()

    def accept() -> None:
        client, request = asked(sock, context)
        client.settimeout(0)
        portions = Portions(request.partition("\r\n")[0])
        frame, intervals = Frame(Opcode.BINARY, portions.payload).serialize(mask=False), portions.intervals()
        at = time.monotonic()

        def wait() -> None:
            nonlocal at
            at += next(intervals)
            loop.call_later(max(at - time.monotonic(), 0.0), send)

        def send() -> None:
            lateness.observe(time.monotonic() - at)
            # The timer ends when the client has gone.
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                client.send(frame)
                wait()

        wait()

    loop.add_reader(sock, accept)
    await asyncio.Event().wait()


def main(kind: str, state_dir: str, path: str) -> None:
    serve_with = {"websockets": websockets, "timers": timers}[kind]
    uvloop.run(serve_with(listener(), tls(state_dir), Lateness(Path(path))))


if __name__ == "__main__":
    main(*sys.argv[1:])
