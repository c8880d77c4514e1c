"""Old pages in a process of their own, each measured over ten seconds: ``python -m tests.worker.load``.

Standard input is one Order as JSON, standard output one Report.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import ssl
import sys
import time
from dataclasses import dataclass
from statistics import linear_regression
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import ClientConnection

from tests.websocket_clients import OldPage, client

SECONDS = 10.0
"""Length of each session's measurement: two whole periods of Jake's bursts."""

PERIOD = 5.0
"""Seconds from one of Jake's bursts to the next."""

SILENCE = 3.0
"""Seconds from the beginning of a session to a moment in the middle of Jake's silence, where no burst is cut in two."""


class Order(msgspec.Struct):
    """What to run."""

    ws_url: str
    ca_file: str
    users: list[str]
    """User ids with their queries; one session each."""
    spread: float
    """Seconds over which the sessions are opened, so that they are as little in step as customers are."""
    sources: list[str] = []
    """For each user the address it comes from; none where it does not matter."""

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the daemon's certificate."""
        return ssl.create_default_context(cafile=self.ca_file)


class Rates(msgspec.Struct):
    """One session's mean rates over its measurement, bit/s."""

    user: str
    download: float
    upload: float


@dataclass(frozen=True)
class Mark:
    """One session at one of the server's updates."""

    age: float
    """Seconds of the session, by the server's monotonic clock."""
    downloaded: int
    """Payload bytes that the client had received."""
    uploaded: int
    """Payload bytes that the server had received."""


class Report(msgspec.Struct):
    """What came out."""

    sessions: list[Rates]
    worst_lag: float
    """Longest time in seconds that this process was late for a timer of its own while it measured."""


class Marks(OldPage):
    """An old page that notes its own sum at each of the server's updates.

    An update's place among the payload shows what the server had sent by the time that the update carries, so a client
    that comes late to reading measures no less exactly.
    """

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection)
        self.marks: list[Mark] = []

    async def answer(self, message: dict[str, Any]) -> None:
        if message["type"] == "real_time_update":
            self.marks.append(Mark(message["elapsed_seconds"], self.received_bytes, message["server_received_bytes"]))
        await super().answer(message)


class Lag:
    """How late the event loop is."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        """Measures until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.02)
            self.worst = max(self.worst, time.monotonic() - before - 0.02)


async def run(order: Order) -> Report:
    """Opens the sessions, measures while all of them are there, and closes them."""
    lag = Lag()
    async with contextlib.AsyncExitStack() as stack:
        pages: list[tuple[Marks, float]] = []
        first = time.monotonic()
        for index, user in enumerate(order.users):
            await asyncio.sleep(first + index * order.spread / len(order.users) - time.monotonic())
            source = order.sources[index] if order.sources else None
            page = await stack.enter_async_context(client(order, user, Marks, source=source))
            pages.append((page, time.monotonic()))
        everyone = time.monotonic()
        watching = asyncio.create_task(lag.watch())
        ages = [_silence(everyone - opened) for _, opened in pages]
        end = max(opened + age for (_, opened), age in zip(pages, ages, strict=True)) + SECONDS
        await asyncio.sleep(end + 0.5 - time.monotonic())
        watching.cancel()
        report = Report(
            [_rates(user, page.marks, age) for user, (page, _), age in zip(order.users, pages, ages, strict=True)],
            lag.worst,
        )
        await asyncio.gather(*(page.connection.close() for page, _ in pages))
    return report


def _silence(age: float) -> float:
    """The session's age at the first silence not before ``age``."""
    return SILENCE + PERIOD * max(math.ceil((age - SILENCE) / PERIOD), 0)


def _rates(user: str, marks: list[Mark], age: float) -> Rates:
    """Download from the first mark at ``age`` to the one ten seconds later; upload as a slope over the marks between.

    An upload comes four times a second, and one of these portions more or less between two marks would alone be 2.5 %
    of ten seconds.
    """
    first = next(mark for mark in marks if mark.age >= age)
    last = min(marks, key=lambda mark: abs(mark.age - first.age - SECONDS))
    between = [(mark.age, mark.uploaded * 8) for mark in marks if first.age <= mark.age <= last.age]
    return Rates(
        user,
        (last.downloaded - first.downloaded) * 8 / (last.age - first.age),
        linear_regression(*zip(*between, strict=True)).slope,
    )


if __name__ == "__main__":
    # All that came in is kept until the end; looking through it for garbage would stop every session for a while.
    gc.disable()
    report = uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(report))
