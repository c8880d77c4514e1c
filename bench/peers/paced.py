"""Servers of paced sessions, without liveness, figures or control: KIND STATE_DIR FILE.

The file gets two counts of 64 bits: portions so far, and those that were more than LATE seconds late.
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

LATE = 0.005


class Lateness:
    """The counts in the file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._counts = memoryview(mmap.mmap(file.fileno(), 16)).cast("Q")

    def observe(self, seconds: float) -> None:
        """One portion."""
        self._counts[0] += 1
        self._counts[1] += seconds > LATE

    def read(self) -> tuple[int, int]:
        """All portions, and the late ones."""
        return self._counts[0], self._counts[1]


class Portions:
    """What the user of a request gets: ``payload`` in each portion."""

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
        """Seconds from one portion to the next, without end."""
        for turn in itertools.count():
            yield self._interval + (self._off if turn and self._in_burst and turn % self._in_burst == 0 else 0.0)


async def websockets(sock: socket.socket, context: ssl.SSLContext | None, lateness: Lateness) -> None:
    """A plain server of the library that we use: a task for each session, which sleeps and sends."""

    async def discard(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                pass

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        portions = Portions(connection.request.path)
        discarding = asyncio.create_task(discard(connection))
        # Not the event loop's time, which stands still within a turn, however many sessions have theirs in it.
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
    """The limit: a timer for each portion, and one write by OpenSSL to the socket. What comes in is not read."""
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
            # Where the client has gone there is no next one.
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                client.send(frame)
                wait()

        wait()

    loop.add_reader(sock, accept)
    await asyncio.Event().wait()


def main(kind: str, state_dir: str, path: str) -> None:
    """Serves until killed."""
    serve_with = {"websockets": websockets, "timers": timers}[kind]
    uvloop.run(serve_with(listener(), tls(state_dir), Lateness(Path(path))))


if __name__ == "__main__":
    main(*sys.argv[1:])
