"""Many sessions at once, for tests that look at them from the control plane."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.daemon import Daemon
from tests.websocket_clients import Client, OldPage, client

SMALL = ("alex", "sarah", "jake")
"""Profiles whose traffic is small enough for a hundred of them."""


@contextlib.asynccontextmanager
async def open_sessions(daemon: Daemon, count: int, run: str = "run") -> AsyncIterator[list[Client]]:
    """``count`` sessions of old pages, in households of three that share a test id; all are known to the daemon."""
    async with contextlib.AsyncExitStack() as stack:
        clients: list[Client] = []
        for index in range(count):
            user_id = f"{SMALL[index % len(SMALL)]}_{run}{index // len(SMALL)}"
            clients.append(await stack.enter_async_context(client(daemon, user_id, OldPage)))
        # A client has its upgrade a moment before the session is counted.
        await asyncio.gather(*(each.opened() for each in clients))
        yield clients
        # All at once; one after the other would take a round trip each.
        await asyncio.gather(*(each.connection.close() for each in clients))
