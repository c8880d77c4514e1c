"""Probe sessions that report a run, and sessions to go with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.daemon import Daemon
from tests.run_reports import run_report
from tests.websocket_clients import Client, OldPage, client

ANSWERS = ("run_stored", "run_refused", "error")


@asynccontextmanager
async def probing(daemon: Daemon, test_id: str) -> AsyncIterator[Client]:
    """A session of the probe."""
    async with client(daemon, "probe", OldPage, f"?test_id={test_id}", user_agent="Mozilla/5.0 (a phone)") as probe:
        await probe.opened()
        yield probe


async def report(probe: Client, **changes: object) -> dict[str, Any]:
    """The answer to a run report."""
    await probe.send(**run_report(**changes))
    await probe.until(lambda: any(probe.kinds[kind] for kind in ANSWERS))
    return next(message for message in probe.messages if message["type"] in ANSWERS)


async def play_alex(daemon: Daemon, test_id: str) -> str:
    """A session that gets payload and stops; its id."""
    async with client(daemon, "alex", OldPage, f"?test_id={test_id}") as alex:
        await alex.payload()
        # Past the first control pass, which asks the kernel.
        await alex.until(lambda: alex.kinds["real_time_update"])
        await alex.send(type="stop_test")
        await alex.until(lambda: alex.kinds["session_complete"])
        return alex.session_id
