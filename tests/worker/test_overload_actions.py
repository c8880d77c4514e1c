"""What a worker does about overload, by figures that the test sets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest

from householdd.admission.admission import Cause
from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.capacity.overload_controller import OverloadLevel, OverloadTuning, Signal
from householdd.clients.client_key import ClientKey
from householdd.session.close_reason import CloseReason
from householdd.session.session import Session
from householdd.settings.definitions import Timeouts
from householdd.shared.heartbeats import Standstill
from householdd.shared.layout import heartbeat_of_worker, size
from householdd.supervisor.pool import STANDSTILL_TIMEOUT_S
from householdd.worker.budget_enforcer import BudgetEnforcer
from householdd.worker.clock import Clock
from householdd.worker.memory_gauge import MemoryGauge
from householdd.worker.overload_actions import BULK_BPS, OverloadActions
from householdd.worker.session_manager import SessionManager
from tests.session.samples import active
from tests.timers import Timers

TUNING = OverloadTuning(rise=5.0, fall=10.0)


class Full(MemoryGauge):
    """A machine whose memory is as full as the test says."""

    part: float | None = None

    def used(self) -> float | None:
        return self.part

    def stalled(self) -> float | None:
        return None


class Worker:
    def __init__(self) -> None:
        self.now, self.cpu = 1000.0, 0.0
        self.manager = SessionManager(
            Timeouts(), Clock(lambda: self.now, lambda: 1.8e9 + self.now, Timers(lambda: self.now).call_later)
        )
        self.memory = Full()
        self.overloading = OverloadActions(self.manager, TUNING, self.memory, lambda: self.cpu)
        self.budgeting = BudgetEnforcer(self.manager)

    def has(self, who: str) -> Session:
        session = active(who)
        # The rest of a driver is a connection, which no budget looks at.
        driver = SimpleNamespace(session=session, connection=SimpleNamespace(buffered=0))
        self.manager.live[f"{who}-{len(self.manager.live)}"] = cast("Any", driver)
        return session

    def passes(
        self, seconds: float, lateness: float = 0.0, cpu: float = 0.0, gap: float | None = None
    ) -> OverloadLevel:
        """Control passes that are all so late, ``gap`` seconds apart, with so much of a core used."""
        until = self.now + seconds
        while self.now < until:
            self.now += PASS_INTERVAL_S if gap is None else gap
            self.cpu += PASS_INTERVAL_S * cpu
            self.overloading.run(self.now, lateness)
            self.budgeting.run(self.now, self.overloading.bulk_bps)
        return self.overloading.controller.level


def test_a_single_stall_is_no_overload() -> None:
    worker = Worker()
    for _ in range(5):
        assert worker.passes(30.0, lateness=30.0, gap=30.0) is OverloadLevel.NORMAL
        assert worker.passes(5) is OverloadLevel.NORMAL


def test_a_worker_whose_passes_take_seconds_takes_every_step_and_is_never_killed_for_it() -> None:
    worker = Worker()
    worker.passes(1)
    heartbeat = heartbeat_of_worker(memoryview(bytearray(size(1))), 1, 0)
    standstill = Standstill(heartbeat, worker.now)
    gap = STANDSTILL_TIMEOUT_S - 1
    levels = []
    for _ in range(6):
        began = worker.now
        assert all(standstill.observe(began + second) < STANDSTILL_TIMEOUT_S for second in range(int(gap) + 1))
        levels.append(worker.passes(gap, lateness=gap - PASS_INTERVAL_S, gap=gap))
        heartbeat.beat()
    # A single stall is no overload; from the second one on each pass takes a step.
    assert levels == [OverloadLevel.NORMAL, *OverloadLevel]


def test_passes_that_are_made_up_for_in_between_hide_no_overload() -> None:
    worker = Worker()
    for _ in range(20):
        worker.passes(PASS_INTERVAL_S, lateness=0.15)
        worker.passes(PASS_INTERVAL_S, lateness=0.0)
    assert worker.overloading.controller.level is OverloadLevel.REFUSE


def test_a_busy_worker_that_keeps_its_pace_is_fine() -> None:
    worker = Worker()
    assert worker.passes(60, lateness=TUNING.lag * 0.4, cpu=1.0) is OverloadLevel.NORMAL
    assert worker.passes(60, lateness=TUNING.lag * 0.6, cpu=0.5) is OverloadLevel.NORMAL
    assert worker.passes(60, lateness=TUNING.lag * 0.6, cpu=1.0) is OverloadLevel.REFUSE
    cause = worker.overloading.controller.cause
    assert cause is not None
    assert cause.signal is Signal.CPU


def test_new_runs_are_refused_while_it_lasts_and_everybody_once_all_is_stopped() -> None:
    worker = Worker()
    who, expected = ClientKey("192.0.2.7", "alex", "1"), ClientKey("192.0.2.7", "sarah", "1")
    admission = worker.manager.admission
    assert admission.denies(who, worker.now) is None
    admission.admit(who, worker.now)
    worker.memory.part = 0.86
    worker.passes(8)
    denial = admission.denies(ClientKey("192.0.2.8", "alex", "2"), worker.now)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.OVERLOADED, 30)
    assert admission.denies(expected, worker.now) is None
    worker.memory.part = 0.99
    assert worker.passes(20) is OverloadLevel.STOP
    denied = admission.denies(expected, worker.now)
    assert denied is not None
    assert denied.cause is Cause.OVERLOADED
    worker.memory.part = None
    assert worker.passes(60) is OverloadLevel.NORMAL
    assert admission.denies(who, worker.now) is None


def test_bulk_alone_is_slowed_and_let_go_afterwards() -> None:
    worker = Worker()
    bulk, game = worker.has("computer"), worker.has("alex")
    worker.memory.part = 0.91
    assert worker.passes(15) is OverloadLevel.SLOW
    assert (bulk.download.cap, bulk.upload.cap) == (BULK_BPS, BULK_BPS)
    assert bulk.download.capped
    assert not game.download.capped
    worker.memory.part = None
    worker.passes(30)
    assert not bulk.download.capped


@pytest.mark.parametrize("enabled", [True, False])
def test_it_can_be_turned_off(enabled: bool) -> None:
    worker = Worker()
    worker.overloading = OverloadActions(worker.manager, OverloadTuning(enabled=enabled), worker.memory)
    assert (worker.passes(30, lateness=1.0) is OverloadLevel.NORMAL) is not enabled


def test_at_shed_sessions_over_their_share_go_before_the_newest_bulk_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    drivers = [cast("Any", Mock(session=active("alex"))) for _ in range(3)]
    monkeypatch.setattr(worker.manager.work, "costliest", lambda: drivers)
    close = Mock()
    monkeypatch.setattr(worker.manager, "close", close)
    worker.manager.live = {"bulk": cast("Any", Mock(session=active("computer")))}
    worker.overloading.controller.level = OverloadLevel.SHED
    worker.overloading._close_sessions()
    close.assert_called_once_with(CloseReason.OVERLOADED, ids=[each.session.identity.id for each in drivers[:2]])
