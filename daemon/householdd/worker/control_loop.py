"""The pass over all sessions, four times a second. It never waits for a client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import structlog

from householdd.capacity.lateness import PASS_INTERVAL_S, PassTimer
from householdd.capacity.overload_controller import OverloadTuning
from householdd.shared.demand import SharedDemand
from householdd.worker.budget_enforcer import BudgetEnforcer
from householdd.worker.overload_actions import OverloadActions
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager
from householdd.worker.uplink import Uplink

log = structlog.get_logger("control_loop")

BATCH_SIZE = 8
"""Sessions in one turn of the event loop, which takes less than 0.5 ms. Payload that becomes due meanwhile is late by
that, and on a busy worker by several times that, since more becomes due while the worker catches up."""

YIELD_BUDGET_S = PASS_INTERVAL_S / 2
"""Time after which a pass no longer yields, in seconds, so that a busy event loop cannot keep it from ending dead
sessions."""


class ControlLoop:
    """Shares the budgets, ends dead sessions, probes live ones, sends their figures, and measures itself."""

    def __init__(
        self,
        manager: SessionManager,
        demand: SharedDemand | None = None,
        overloading: OverloadActions | None = None,
        each_pass: Sequence[Callable[[], None]] = (),
        uplink: Uplink | None = None,
    ) -> None:
        """``demand`` is that of ``BudgetEnforcer``; without ``overloading`` overload has no consequence.

        Without ``uplink`` that of the server is never full. ``each_pass`` is called in each pass, after the overload
        controller, which so acts before others see the pass.
        """
        self.passes = 0
        self.slow_passes = 0
        """Passes that began more than two intervals after the previous one."""
        self.last_pass = 0.0
        """Duration of the last pass in seconds, without the turns of others."""
        self.longest_gap = 0.0
        """Longest time between the beginnings of two passes, in seconds."""
        self._manager = manager
        self._now = manager.clock.now
        self._budgeting = BudgetEnforcer(manager, demand)
        self.overloading = overloading or OverloadActions(manager, OverloadTuning(enabled=False))
        self._each_pass = each_pass
        self._uplink = uplink
        self._began: float | None = None

    async def run(self) -> None:
        """Run passes until cancelled."""
        # Not the event loop's time: uvloop's stands still within a turn, and so hides a long one.
        timer = PassTimer(PASS_INTERVAL_S, self._now())
        while True:
            for _ in self.turns(timer.begin(self._now())):
                await asyncio.sleep(0)
            await asyncio.sleep(timer.due - self._now())

    def turns(self, lateness: float = 0.0) -> Iterator[None]:
        """Run one pass, ``lateness`` seconds late; yield between batches, so that others have their turn.

        All sessions are judged before the first is sent anything.
        """
        began = resumed = self._now()
        self._measure_gap(began)
        self.overloading.run(began, lateness)
        self._manager.settle_work(began, busy=self.overloading.busy)
        for call in self._each_pass:
            call()
        self._budgeting.run(began, self.overloading.bulk_bps)
        self._manager.stop_runs()
        full = self._uplink is not None and self._uplink.is_full(began)
        worked = 0.0
        for step in (self._judge, lambda driver: self._speak(driver, lateness, uplink_full=full)):
            for _ in self._each(step):
                now = self._now()
                if now - began < YIELD_BUDGET_S:
                    worked += now - resumed
                    yield
                    resumed = self._now()
        self._manager.admission.release_unused_places(self._now())
        self.passes += 1
        self.last_pass = worked + self._now() - resumed
        self._manager.timing.pass_duration.observe(self.last_pass)

    def _each(self, step: Callable[[SessionDriver], object]) -> Iterator[None]:
        """Take a step with all live sessions, and yield after each batch."""
        drivers = list(self._manager.live.values())
        for start in range(0, len(drivers), BATCH_SIZE):
            self._manager.for_each(step, drivers[start : start + BATCH_SIZE])
            yield

    def _judge(self, driver: SessionDriver) -> None:
        now = self._now()
        driver.expire(now)
        driver.judge(now)

    def _speak(self, driver: SessionDriver, lateness: float, *, uplink_full: bool) -> None:
        now = self._now()
        driver.speak(now, PASS_INTERVAL_S, lateness, uplink_full=uplink_full)
        self._manager.timing.evidence_age.observe(now - driver.session.liveness.last_evidence_at)

    def _measure_gap(self, now: float) -> None:
        if self._began is not None:
            gap = now - self._began
            self.longest_gap = max(self.longest_gap, gap)
            self._manager.timing.pass_gap.observe(gap)
            if gap > 2 * PASS_INTERVAL_S:
                self.slow_passes += 1
                log.warning("slow control loop", gap=round(gap, 3), sessions=len(self._manager.live))
        self._began = now
