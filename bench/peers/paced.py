"""A plain server of paced sessions, a task and a ``send`` for each portion: KIND STATE_DIR FILE.

The file gets two counts of 64 bits: portions so far, and those that were more than LATE seconds late.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.peers.listening import listener, tls
from householdd import profile_data
from householdd.core.shapes import BURST_TICK, Burst, Constant

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


async def _turns(shape: Constant | Burst, lateness: Lateness) -> AsyncIterator[int]:
    """Sizes of the portions, each when it is due."""
    loop = asyncio.get_running_loop()
    interval = 1 / shape.tick_hz if isinstance(shape, Constant) else BURST_TICK
    size = round(shape.rate_bps / 8 * interval)
    at = loop.time()
    turns = 0
    while True:
        at += interval
        await asyncio.sleep(at - loop.time())
        lateness.observe(loop.time() - at)
        yield size
        turns += 1
        if isinstance(shape, Burst) and turns % round(shape.on / BURST_TICK) == 0:
            at += shape.off


async def _serve(state_dir: str, lateness: Lateness) -> None:
    profiles = profile_data.read(None).by_key
    shapes = {key: profile.download.shape() for key, profile in profiles.items()}
    data = os.urandom(max(round(shape.peak_bps / 8 / 64) for shape in shapes.values()))

    async def discard(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                pass

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        user = connection.request.path.rpartition("/")[2].partition("_")[0]
        discarding = asyncio.create_task(discard(connection))
        with contextlib.suppress(ConnectionClosed):
            async for size in _turns(cast("Constant | Burst", shapes[user]), lateness):
                await connection.send(data[:size])
        await discarding

    context = tls(state_dir)
    async with serve(handler, sock=listener(), ssl=context, compression=None, ping_interval=None):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[2], Lateness(Path(sys.argv[3]))))
