"""A plain `websockets` server with its defaults, for comparison: ``python -m tests.lab.plain_server HOST PORT``.

A client of /load is sent 1.5 Mbit/s as the library's documentation would have it, a client of any other path nothing.
Prints an Event for each send that came back, at most ten a second, and for each end.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.lab.order import Event
from tests.lab.pages import printer

RATE = 1.5e6
TICKS = 64
"""Messages a second, as Alex's."""


async def main(host: str, port: int) -> None:
    """Serves until it is killed."""
    report = printer()

    async def handle(connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else ""
        sent = 0
        told = 0.0
        portion = bytes(int(RATE / 8 / TICKS))
        with contextlib.suppress(ConnectionClosed):
            while path == "/load":
                await connection.send(portion)
                sent += len(portion)
                if time.monotonic() - told > 0.1:
                    told = time.monotonic()
                    report(Event(told, path, sent, "sent"))
                await asyncio.sleep(1 / TICKS)
            await connection.wait_closed()
        report(Event(time.monotonic(), path, sent, "ended"))

    async with serve(handle, host, port):
        report(Event(time.monotonic(), "", what="ready"))
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
