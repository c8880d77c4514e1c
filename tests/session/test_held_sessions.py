"""Sessions on lines of their own, held to budgets pass by pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from householdd.capacity.budgets import Budgets
from householdd.session.session import Session
from tests.session.samples import START, active

MBPS = 1e6
TICK = 0.005
PASS = 50
"""Ticks in a control pass."""


class Line:
    """A session whose client takes so many Mbit/s at most, and uploads all that it is asked for."""

    def __init__(self, customer: int, who: str, mbps: float) -> None:
        self.customer = customer
        self.session: Session = active(who)
        self.mbps = mbps

    def tick(self, now: float) -> None:
        count = min(self.session.payload_due(now), int(self.mbps * MBPS / 8 * TICK))
        self.session.sent(count)
        # Everything arrives at once, and is proven.
        self.session.proof.pinged(b"", 0, now)
        self.session.proof.answered(b"", math.inf)

    def ask(self, now: float) -> None:
        """As much as a control pass."""
        self.session.received(self.session.upload_due(now + PASS * TICK), now)


def run(budgets: Budgets, lines: Sequence[Line], begin: float, seconds: float) -> list[float]:
    """Mean Mbit/s of each session's download in the second half of the time."""
    before: list[int] = []
    ticks = round(seconds / TICK)
    for tick in range(ticks):
        now = begin + tick * TICK
        if tick % PASS == 0:
            wanted = [(line, *line.session.demands(now)) for line in lines]
            down = budgets.share([(line.customer, rate) for line, rate, _ in wanted])
            up = budgets.share([(line.customer, rate) for line, _, rate in wanted])
            for line, download, upload in wanted:
                line.session.hold(down(line.customer, download), up(line.customer, upload), now)
                line.ask(now)
        for line in lines:
            line.tick(now)
        if tick == ticks // 2:
            before = [line.session.sums.sent for line in lines]
    return [
        (line.session.sums.sent - sent) * 8 / (seconds / 2) / MBPS for line, sent in zip(lines, before, strict=True)
    ]


def daemon(mbps: float) -> Budgets:
    """The daemon's budget alone."""
    return Budgets(mbps * MBPS, 1e12, 1e12, 1e12)


def test_who_wants_or_takes_less_leaves_its_share_to_the_others() -> None:
    lines = [Line(1, "computer", 1000), Line(2, "computer", 20), Line(3, "sarah", 1000), Line(4, "computer", 700)]
    assert run(daemon(100), lines, START, 10) == pytest.approx([38.75, 20, 2.5, 38.75], rel=0.02)
    assert [line.session.limited for line in lines] == [True, False, False, True]


def test_a_line_that_takes_more_than_before_gets_its_share_and_one_that_takes_less_gives_it_back() -> None:
    lines = [Line(1, "computer", 20), Line(2, "computer", 300)]
    assert run(daemon(100), lines, START, 5) == pytest.approx([20, 80], rel=0.02)
    lines[0].mbps = 300
    assert run(daemon(100), lines, START + 5, 5) == pytest.approx([50, 50], rel=0.02)
    lines[1].mbps = 10
    assert run(daemon(100), lines, START + 10, 5) == pytest.approx([90, 10], rel=0.02)


def test_no_session_is_held_or_called_limited_while_there_is_enough() -> None:
    lines = [Line(1, "computer", 30), Line(2, "alex", 1000), Line(3, "computer", 40)]
    assert run(daemon(100), lines, START, 10) == pytest.approx([30, 1.5, 40], rel=0.02)
    assert not any(line.session.limited for line in lines)


def test_a_burst_waits_for_no_pass_of_its_own() -> None:
    lines = [Line(1, "jake", 1000), Line(2, "computer", 1000)]
    jake, _ = run(daemon(100), lines, START, 20)
    # A silence in which the computer may take all, and then at once a burst of 25 Mbit/s.
    assert jake == pytest.approx(5, rel=0.02)
    assert not lines[0].session.limited


def test_uploads_are_asked_for_within_the_budget() -> None:
    lines = [Line(1, "sarah", 1000), Line(2, "alex", 1000)]
    run(daemon(1), lines, START, 10)
    assert [line.session.sums.received * 8 / 10 / MBPS for line in lines] == pytest.approx([0.5, 0.5], rel=0.05)
    assert all(line.session.limited for line in lines)
