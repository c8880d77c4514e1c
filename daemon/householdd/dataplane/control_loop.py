"""The pass over all sessions, four times a second. It never waits for a client."""

from __future__ import annotations

import asyncio

import structlog

from householdd.core.ladder import Tuning
from householdd.core.ledger import Ledger
from householdd.core.overload import Beat, late_passes
from householdd.dataplane.budgeting import Budgeting
from householdd.dataplane.overloading import Overloading
from householdd.dataplane.registry import Registry

log = structlog.get_logger("control_loop")

INTERVAL = 0.25
"""Seconds between the beginnings of two passes."""


class ControlLoop:
    """Shares the budgets, removes what is dead, judges who is alive, probes, publishes, and measures itself."""

    def __init__(
        self, registry: Registry, ledger: Ledger | None = None, overloading: Overloading | None = None
    ) -> None:
        """``ledger`` is that of ``Budgeting``; without ``overloading`` nothing is done about overload."""
        self.passes = 0
        self.slow_passes = 0
        """Passes that began more than twice the interval after the one before."""
        self.last_pass = 0.0
        """Seconds the last pass took."""
        self.longest_gap = 0.0
        """Longest seconds between the beginnings of two passes."""
        self._registry = registry
        self._budgeting = Budgeting(registry, ledger)
        self.overloading = overloading or Overloading(registry, Tuning(enabled=False))
        self._began: float | None = None

    async def run(self) -> None:
        """Passes until cancelled."""
        # Not the event loop's time: uvloop's stands still within a turn, so it does not see a turn that took long.
        now = self._registry.clock.now
        beat = Beat(INTERVAL, now())
        while True:
            self.run_pass(beat.begin(now()))
            await asyncio.sleep(beat.due - now())

    def run_pass(self, lateness: float = 0.0) -> None:
        """One pass, which begins ``lateness`` seconds after its time."""
        now = self._registry.clock.now()
        late = late_passes(lateness, INTERVAL)
        self._measure_gap(now)
        self.overloading.run(now, lateness)
        self._budgeting.run(now, self.overloading.bulk_bps)
        for step in (
            lambda runner: runner.expire(now),
            lambda runner: runner.judge(now),
            lambda runner: runner.probe(now),
            lambda runner: runner.publish(now, INTERVAL, late),
        ):
            self._registry.for_each(step)
        self._registry.admission.settle(now)
        self.passes += 1
        self.last_pass = self._registry.clock.now() - now
        timing = self._registry.timing
        timing.pass_duration.observe(self.last_pass)
        for runner in self._registry.live.values():
            timing.evidence_age.observe(now - runner.session.liveness.last_evidence_at)

    def _measure_gap(self, now: float) -> None:
        if self._began is not None:
            gap = now - self._began
            self.longest_gap = max(self.longest_gap, gap)
            self._registry.timing.pass_gap.observe(gap)
            if gap > 2 * INTERVAL:
                self.slow_passes += 1
                log.warning("slow control loop", gap=round(gap, 3), sessions=len(self._registry.live))
        self._began = now
