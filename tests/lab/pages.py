"""Clients that speak the protocol, and leave in the way they are told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from websockets.asyncio.client import connect

from tests.lab.order import Event, Order
from tests.websocket_clients import Client, OldPage

SAMPLE = 0.1
"""Seconds between two samples of what was received; our own page confirms five times less often."""

Report = Callable[[Event], None]


class OwnPage(OldPage):
    """The page that the daemon serves: it answers liveness tests too, and confirms what it received."""

    async def answer(self, message: dict[str, Any]) -> None:
        if message["type"] == "connection_test":
            await self.send(
                type="connection_test_response",
                user_id=message["user_id"],
                timestamp=message["timestamp"],
                client_timestamp=time.time() * 1e3,
            )
        await super().answer(message)


class HiddenTab(Client):
    """A page whose scripts the browser does not run: the network stack goes on answering pings."""


KINDS: dict[str, type[Client]] = {"own page": OwnPage, "old page": OldPage, "hidden tab": HiddenTab}


async def play(order: Order, report: Report) -> None:
    """Opens the sessions, and ends them all as the next line on standard input says."""
    async with contextlib.AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        reading = await stack.enter_async_context(asyncio.TaskGroup())
        for user in order.users:
            connection = await stack.enter_async_context(_connect(order, user))
            clients[user] = KINDS[order.behaviour](connection)
            reading.create_task(clients[user].read())
        sampling = asyncio.create_task(_sample(clients, report))
        line = await asyncio.to_thread(sys.stdin.readline)
        sampling.cancel()
        await asyncio.gather(*(ENDS[line.strip() or "close"](each) for each in clients.values()))


def _connect(order: Order, user: str) -> connect:
    return connect(
        order.ws_url + user,
        ssl=order.tls if order.ws_url.startswith("wss") else None,
        compression=None,
        ping_interval=None,
        max_size=None,
        # A browser goes on reading whatever its page does; with a queue, the library would not.
        max_queue=None,
        proxy=None,
    )


async def _sample(clients: dict[str, Client], report: Report) -> None:
    passes = 0
    while True:
        for user, each in clients.items():
            report(Event(time.monotonic(), user, each.received_bytes))
            # The tests' clients keep what they saw; a long run must not.
            each.messages.clear()
            each.arrivals.clear()
            if passes % 5 == 0 and isinstance(each, OwnPage):
                await each.send(type="client_confirmation", received_bytes=each.received_bytes, sent_bytes=0)
        passes += 1
        await asyncio.sleep(SAMPLE)


async def _close(each: Client) -> None:
    await each.connection.close()


async def _reset(each: Client) -> None:
    sock: socket.socket = each.connection.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    each.connection.transport.abort()


async def _close_tls(each: Client) -> None:
    sock: socket.socket = each.connection.transport.get_extra_info("socket")
    each.connection.transport.close()
    sock.shutdown(socket.SHUT_WR)


ENDS: dict[str, Callable[[Client], Awaitable[None]]] = {"close": _close, "reset": _reset, "TLS close": _close_tls}


def printer() -> Report:
    """Prints events as JSON lines, at once."""
    encode = msgspec.json.Encoder().encode

    def report(event: Event) -> None:
        sys.stdout.buffer.write(encode(event) + b"\n")
        sys.stdout.buffer.flush()

    return report
