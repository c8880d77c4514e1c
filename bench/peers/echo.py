"""A plain server that echoes messages, and sends bulk to user ``computer``: KIND STATE_DIR."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.peers.bulk import BATCH_SIZE
from bench.peers.listening import listener, tls
from householdd.worker.payload import FRAME_BYTES


async def _serve(state_dir: str) -> None:
    data = os.urandom(FRAME_BYTES)

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        with contextlib.suppress(ConnectionClosed):
            if connection.request.path.endswith("computer"):
                while True:
                    for _ in range(BATCH_SIZE):
                        await connection.send(data)
                    await asyncio.sleep(0)
            async for message in connection:
                await connection.send(message)

    async with serve(handler, sock=listener(), ssl=tls(state_dir), compression=None, ping_interval=None):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[2]))
