"""Old pages in a process of their own, each measured over ten seconds: ``python -m tests.dataplane.load``.

Standard input is one Order as JSON, standard output one Report.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import time
from statistics import linear_regression
from typing import Any

import msgspec
import uvloop

from tests.clients import OldPage, client

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

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the daemon's certificate."""
        return ssl.create_default_context(cafile=self.ca_file)


class Rates(msgspec.Struct):
    """One session's mean rates over its measurement, bit/s."""

    user: str
    download: float
    upload: float


class Report(msgspec.Struct):
    """What came out."""

    sessions: list[Rates]
    worst_lag: float
    """Longest time in seconds that this process was late for a timer of its own while it measured."""


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
        pages: list[tuple[OldPage, float]] = []
        first = time.monotonic()
        for index, user in enumerate(order.users):
            await asyncio.sleep(first + index * order.spread / len(order.users) - time.monotonic())
            page = await stack.enter_async_context(client(order, user, OldPage))
            pages.append((page, time.monotonic()))
        everyone = time.monotonic()
        watching = asyncio.create_task(lag.watch())
        begins = [_begin(opened, everyone) for _, opened in pages]
        await asyncio.sleep(max(begins) + SECONDS + 0.5 - time.monotonic())
        watching.cancel()
        report = Report(
            [
                Rates(user, _download(page, begin), _upload(page, begin - opened))
                for user, (page, opened), begin in zip(order.users, pages, begins, strict=True)
            ],
            lag.worst,
        )
        await asyncio.gather(*(page.connection.close() for page, _ in pages))
    return report


def _begin(opened: float, everyone: float) -> float:
    """The session's first silence once everyone is there."""
    begin = opened + SILENCE
    while begin < everyone:
        begin += PERIOD
    return begin


def _download(page: OldPage, begin: float) -> float:
    """By what the client received."""
    return sum(size for at, size in page.arrivals if begin <= at < begin + SECONDS) * 8 / SECONDS


def _upload(page: OldPage, age: float) -> float:
    """By what the server says it received, from session age ``age`` on.

    The slope over all its updates: an upload comes four times a second, and one of these portions more or less between
    the first update and the last would alone be 2.5 % of ten seconds.
    """
    updates: list[dict[str, Any]] = [message for message in page.messages if message["type"] == "real_time_update"]
    points = [
        (update["elapsed_seconds"], update["server_received_bytes"] * 8)
        for update in updates
        if age <= update["elapsed_seconds"] < age + SECONDS
    ]
    return linear_regression(*zip(*points, strict=True)).slope


if __name__ == "__main__":
    report = uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(report))
