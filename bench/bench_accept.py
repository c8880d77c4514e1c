"""Distribution of sessions over two workers: 40 opened one by one, and 400 at once."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections import Counter
from pathlib import Path

from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.daemon import CROWD, Daemon, running

ROUNDS = 5


async def share(daemon: Daemon, count: int, pause: float) -> list[int]:
    """Open ``count`` sessions at intervals of ``pause`` seconds; return the sessions of each worker, most first."""
    tls = daemon.tls
    async with contextlib.AsyncExitStack() as stack:

        async def enter(number: int) -> None:
            url = f"{daemon.ws_url}probe_{number}"
            await stack.enter_async_context(connect(url, ssl=tls, compression=None, proxy=None, open_timeout=60))

        entering = []
        for number in range(count):
            entering.append(asyncio.create_task(enter(number)))
            await asyncio.sleep(pause)
        await asyncio.gather(*entering)
        sessions = await asyncio.to_thread(daemon.list_sessions)
    counts = Counter(session.worker for session in sessions)
    return sorted((counts[str(worker)] for worker in range(2)), reverse=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running(Path(directory), "--workers", "2", env=CROWD) as daemon:
        for words, count, pause in (("one by one", 40, 0.05), ("at once", 400, 0.0)):
            shares = [asyncio.run(share(daemon, count, pause)) for _ in range(ROUNDS)]
            print(f"{count} {words}: {', '.join(' + '.join(map(str, each)) for each in shares)}")


if __name__ == "__main__":
    main()
