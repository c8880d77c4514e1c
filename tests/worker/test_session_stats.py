"""What a walk over all sessions counts, while sessions come and go in the turns that it gives to others."""

from __future__ import annotations

import asyncio

import pytest

from householdd.session.states import SessionState
from householdd.worker import session_stats as surveys
from householdd.worker.cooperative import YIELD_BUDGET_S, batches
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_stats import SessionStats, take_stats
from tests.worker.bench import Bench

SENT = 1000
"""Bytes that each session here has sent."""


def crowd(bench: Bench, count: int) -> list[SessionDriver]:
    """Sessions of Alex that have sent something."""
    drivers = [bench.opened(number) for number in range(count)]
    for driver in drivers:
        driver.session.sent(SENT)
    return drivers


def kept(taken: SessionStats) -> tuple[int, int, int, int]:
    """Opened, closed and live sessions, and bytes sent."""
    totals = taken.totals["alex"]
    return totals.opened, totals.closed.total(), taken.sessions, totals.tally.sent


async def test_a_survey_counts_each_session_once_whatever_ends_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "BATCH_SIZE", 2)
    *drivers, ended_before = crowd(bench, 7)
    ended_before.connection.connection_lost(None)
    walk = asyncio.create_task(take_stats(bench.manager))
    await asyncio.sleep(0)
    # The first two have been looked at, the others have not.
    drivers[0].connection.connection_lost(None)
    drivers[-1].session.sent(SENT)
    drivers[-1].connection.connection_lost(None)
    bench.opened(100).session.sent(SENT)
    # Its last bytes count as well.
    assert kept(await walk) == (7, 1, 6, 8 * SENT)
    assert kept(await take_stats(bench.manager)) == (8, 3, 5, 9 * SENT)


async def test_a_session_that_ended_before_its_turn_does_nothing_now(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "BATCH_SIZE", 1)
    first, second = crowd(bench, 2)
    bench.step(0.25)
    list(bench.control_loop.turns())
    walk = asyncio.create_task(take_stats(bench.manager))
    await asyncio.sleep(0)
    rate = first.session.download_meter.bps
    second.connection.connection_lost(None)
    taken = await walk
    assert taken.live["alex"].download_bps == rate > 0
    assert taken.states["alex", SessionState.ACTIVE] == 2
    assert (await take_stats(bench.manager)).states["alex", SessionState.ACTIVE] == 1


async def test_a_survey_looks_at_no_more_than_a_turns_worth_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = [0]
    look = SessionStats.add

    def counted(taken: SessionStats, driver: SessionDriver) -> None:
        looked[-1] += 1
        look(taken, driver)

    monkeypatch.setattr(surveys, "BATCH_SIZE", 8)
    monkeypatch.setattr(SessionStats, "add", counted)
    crowd(bench, 20)
    walk = asyncio.create_task(take_stats(bench.manager))
    while not walk.done():
        await asyncio.sleep(0)
        looked.append(0)
    assert [count for count in looked if count] == [8, 8, 4]


async def test_who_walks_for_long_no_longer_gives_way() -> None:
    clock = [0.0]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(others())
    await asyncio.sleep(0)
    parts = []
    async for part in batches(range(100), 10, lambda: clock[0]):
        parts.append((len(part), turns))
        clock[0] += YIELD_BUDGET_S / 4
    other.cancel()
    assert sum(count for count, _ in parts) == 100
    assert parts[-1][1] == parts[3][1] == 3
