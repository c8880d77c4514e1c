"""Which sessions a worker holds to shares while only customers have a budget, as by default."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.session.session import Session
from householdd.settings.definitions import Limits, Timeouts
from householdd.worker.budget_enforcer import UNWATCHED_S, BudgetEnforcer
from householdd.worker.clock import Clock
from householdd.worker.session_manager import SessionManager
from tests.session.samples import START, active
from tests.timers import Timers

BUDGET = Limits().customer_mbps * 1e6


class Worker:
    def __init__(self) -> None:
        self.now = START
        self.manager = SessionManager(
            Timeouts(), Clock(lambda: self.now, lambda: 1.8e9 + self.now, Timers(lambda: self.now).call_later)
        )
        self.budgeting = BudgetEnforcer(self.manager)
        self.rates: dict[Session, float] = {}

    def has(self, who: str, host: str, bps: float = 0.0) -> Session:
        """Open a session that moves ``bps``, as far as it may."""
        session = active(who)
        session.identity = replace(session.identity, peer_host=host)
        # All that it gets arrives, and its clients prove it at once.
        session.proof.limit = math.inf
        driver = SimpleNamespace(session=session, connection=SimpleNamespace(buffered=0))
        self.manager.live[f"{who}-{len(self.manager.live)}"] = cast("Any", driver)
        self.rates[session] = bps
        return session

    def passes(self, seconds: float) -> float:
        """Let time pass; return the mean rate of all in the last half of it, bit/s."""
        until, half, counted = self.now + seconds, self.now + seconds / 2, 0
        while self.now < until:
            self.now += PASS_INTERVAL_S
            for session, bps in self.rates.items():
                count = min(session.payload_due(self.now), int(bps * PASS_INTERVAL_S / 8))
                session.sent(count)
                session.evidence(session.liveness.last_evidence_kind, self.now)
                counted += count if self.now > half else 0
            self.budgeting.run(self.now)
        return counted * 8 / (seconds / 2)


def test_a_customer_has_a_budget_by_default_and_nothing_else_has() -> None:
    limits = Limits()
    assert limits.customer_mbps == 2000
    assert min(limits.daemon_mbps, limits.block_mbps, limits.session_mbps) == 1e6


def test_customers_far_below_their_budget_are_left_alone() -> None:
    worker = Worker()
    sessions = [worker.has("computer", f"192.0.2.{each}", bps=UNWATCHED_S * BUDGET * 0.9) for each in range(20)]
    worker.passes(4)
    assert {session.download.cap for session in sessions} == {math.inf}
    assert not any(session.limited for session in sessions)


@pytest.mark.parametrize("count", [3, 8])
def test_a_customer_that_wants_more_than_its_budget_gets_just_that(count: int) -> None:
    worker = Worker()
    greedy = [worker.has("computer", "192.0.2.7", bps=1e9) for _ in range(count)]
    other = worker.has("computer", "192.0.2.8", bps=0.05 * BUDGET)
    assert worker.passes(8) == pytest.approx(BUDGET * 1.05, rel=0.02)
    assert all(session.limited_now for session in greedy)
    assert other.download.cap == math.inf


def test_a_customer_that_becomes_quiet_is_let_go() -> None:
    worker = Worker()
    greedy = [worker.has("computer", "192.0.2.7", bps=1e9) for _ in range(3)]
    worker.passes(4)
    assert greedy[0].download.cap < 1e9
    worker.rates = dict.fromkeys(greedy, 1e6)
    worker.passes(4)
    assert {session.download.cap for session in greedy} == {math.inf}


def test_what_has_ended_is_forgotten() -> None:
    worker = Worker()
    worker.has("computer", "192.0.2.7", bps=1e9)
    worker.passes(1)
    worker.manager.live.clear()
    worker.passes(PASS_INTERVAL_S)
    assert not worker.budgeting._moved
    assert not worker.budgeting._held
