"""Sessions of a machine's daemon."""

from __future__ import annotations

from contextlib import AsyncExitStack

from tests.clients import OldPage, client
from tests.system.machine import Machine


async def session(stack: AsyncExitStack, machine: Machine, profile: str = "alex") -> OldPage:
    """A session of the page, from inside the machine; it has had payload."""
    with machine.network():
        page = await stack.enter_async_context(client(machine, profile, OldPage))
    await page.payload()
    return page
