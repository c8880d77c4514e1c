"""Sessions of a machine's daemon, and what it serves."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack

from tests.system.machine import Machine
from tests.websocket_clients import OldPage, client


async def session(stack: AsyncExitStack, machine: Machine, profile: str = "alex") -> OldPage:
    """A session of the page, from inside the machine; it has had payload."""
    with machine.network():
        page = await stack.enter_async_context(client(machine, profile, OldPage))
    await page.payload()
    return page


def served(machine: Machine) -> bytes:
    """The certificate that the daemon serves."""
    with machine.network():
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", machine.port)))
