"""What a walk over all sessions counts, while sessions come and go in the turns that it gives to others."""

from __future__ import annotations

import asyncio

import pytest

from householdd.dataplane import survey as surveys
from householdd.dataplane.giving_way import YIELD_BUDGET_S, in_turns
from householdd.dataplane.runner import Runner
from householdd.dataplane.survey import Survey, survey
from householdd.session.states import SessionState
from tests.dataplane.bench import Bench

SENT = 1000
"""Bytes that each session here has sent."""


def crowd(bench: Bench, count: int) -> list[Runner]:
    """Sessions of Alex that have sent something."""
    runners = [bench.opened(number) for number in range(count)]
    for runner in runners:
        runner.session.sent(SENT)
    return runners


def kept(taken: Survey) -> tuple[int, int, int, int]:
    """Opened, closed and live sessions, and bytes sent."""
    totals = taken.totals["alex"]
    return totals.opened, totals.closed.total(), taken.sessions, totals.tally.sent


async def test_a_survey_counts_each_session_once_whatever_ends_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "BATCH_SIZE", 2)
    *runners, ended_before = crowd(bench, 7)
    ended_before.link.connection_lost(None)
    walk = asyncio.create_task(survey(bench.registry))
    await asyncio.sleep(0)
    # The first two have been looked at, the others have not.
    runners[0].link.connection_lost(None)
    runners[-1].session.sent(SENT)
    runners[-1].link.connection_lost(None)
    bench.opened(100).session.sent(SENT)
    # Its last bytes count as well.
    assert kept(await walk) == (7, 1, 6, 8 * SENT)
    assert kept(await survey(bench.registry)) == (8, 3, 5, 9 * SENT)


async def test_a_session_that_ended_before_its_turn_does_nothing_now(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "BATCH_SIZE", 1)
    first, second = crowd(bench, 2)
    bench.step(0.25)
    list(bench.control_loop.turns())
    walk = asyncio.create_task(survey(bench.registry))
    await asyncio.sleep(0)
    rate = first.session.download_meter.bps
    second.link.connection_lost(None)
    taken = await walk
    assert taken.live["alex"].download_bps == rate > 0
    assert taken.states["alex", SessionState.ACTIVE] == 2
    assert (await survey(bench.registry)).states["alex", SessionState.ACTIVE] == 1


async def test_a_survey_looks_at_no_more_than_a_turns_worth_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = [0]
    look = Survey.look

    def counted(taken: Survey, runner: Runner) -> None:
        looked[-1] += 1
        look(taken, runner)

    monkeypatch.setattr(surveys, "BATCH_SIZE", 8)
    monkeypatch.setattr(Survey, "look", counted)
    crowd(bench, 20)
    walk = asyncio.create_task(survey(bench.registry))
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
    async for part in in_turns(range(100), 10, lambda: clock[0]):
        parts.append((len(part), turns))
        clock[0] += YIELD_BUDGET_S / 4
    other.cancel()
    assert sum(count for count, _ in parts) == 100
    assert parts[-1][1] == parts[3][1] == 3
