"""Measures of a worker against its overload, once a control pass."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog

from householdd.capacity.lateness import LATE_THRESHOLD_S, Lag
from householdd.capacity.overload_controller import OverloadController, OverloadLevel, OverloadTuning, Signal
from householdd.session.close_reason import CloseReason
from householdd.worker.memory_gauge import MemoryGauge
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

log = structlog.get_logger("overload")

CHECK_INTERVAL_S = 1.0
"""Time between two readings of costly signals, and between two rounds of ended sessions, in seconds."""

BULK_BPS = 10e6
"""Limit of each direction of a slowed bulk session, in bit/s: a hundredth of its demand."""

BUSY_CPU = 0.7
"""Share of a core from which a worker is busy."""

BUSY_HOLD_S = 10.0
"""Time for which it still is afterwards, in seconds: those who are held back then make it look idle."""

MIN_SHED, SHED_DIVISOR = 2, 20
"""Sessions ended in a round: at least ``MIN_SHED``, and one in ``SHED_DIVISOR`` of those that may be."""


class OverloadActions:
    """Updates the overload level of one worker, and carries out its measures."""

    def __init__(
        self,
        manager: SessionManager,
        tuning: OverloadTuning,
        memory: MemoryGauge | None = None,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """``cpu`` returns the seconds of CPU used by the worker; without ``memory`` its signals are missing."""
        self.controller = OverloadController(tuning)
        self.since_wall = manager.clock.wall()
        """Unix time at which the current level began."""
        self._manager = manager
        self._tuning = tuning
        self._memory = memory
        self._cpu = cpu
        self._lag = Lag()
        self._slow_figures: dict[Signal, float] = {}
        """Costly signals, as last read."""
        if not tuning.enabled:
            manager.work.unbound()
        self._now = 0.0
        self._busy_until = -math.inf
        self._last_reading: tuple[float, float] | None = None
        """Time of that reading, and the CPU used until then; None before the first."""

    @property
    def bulk_bps(self) -> float:
        """Limit of each direction of a bulk session, in bit/s."""
        return BULK_BPS if self.controller.level >= OverloadLevel.SLOW else math.inf

    @property
    def busy(self) -> bool:
        """Whether clients have only their shares of this worker's time, because others might get less."""
        return self._now < self._busy_until

    def run(self, now: float, lateness: float) -> None:
        """Update the level and carry out its measures; this control pass began ``lateness`` seconds late."""
        if not self._tuning.enabled:
            return
        self._now = now
        self._lag.add(lateness, now)
        due = self._last_reading is None or now - self._last_reading[0] >= CHECK_INTERVAL_S
        if due:
            self._read_signals(now)
        if lateness >= LATE_THRESHOLD_S or self._slow_figures.get(Signal.CPU, 0.0) >= BUSY_CPU:
            self._busy_until = now + BUSY_HOLD_S
        if self.controller.update(self._figures(), now):
            self._level_changed()
            due = True
        if due:
            self._close_sessions()

    def _read_signals(self, now: float) -> None:
        used = self._cpu()
        figures = {Signal.SEND_QUEUE: float(sum(driver.connection.buffered for driver in self._manager.live.values()))}
        if self._last_reading is not None:
            before, used_before = self._last_reading
            figures[Signal.CPU] = (used - used_before) / (now - before)
        if self._memory is not None:
            readings = {Signal.MEMORY: self._memory.used(), Signal.MEMORY_STALL: self._memory.stalled()}
            figures |= {signal: figure for signal, figure in readings.items() if figure is not None}
        self._slow_figures = figures
        self._last_reading = now, used

    def _figures(self) -> dict[Signal, float]:
        lag = self._lag.seconds
        figures = {Signal.LAG: lag, **self._slow_figures}
        if lag < self._tuning.lag / 2:
            # A busy worker that keeps its pace is not overloaded.
            figures.pop(Signal.CPU, None)
        return figures

    def _level_changed(self) -> None:
        controller = self.controller
        rose = controller.level > self._manager.admission.overload
        self._manager.admission.overload = controller.level
        self.since_wall = self._manager.clock.wall()
        cause = controller.cause
        facts = (
            {}
            if cause is None
            else {"cause": cause.signal.value, "figure": round(cause.figure, 3), "threshold": round(cause.threshold, 3)}
        )
        (log.warning if rose else log.info)(
            "overload", step=controller.level.name.lower(), **facts, sessions=len(self._manager.live)
        )

    def _close_sessions(self) -> None:
        if self.controller.level is OverloadLevel.STOP:
            # Repeated each second: a handshake may have been under way.
            self._manager.close(CloseReason.OVERLOADED)
        elif self.controller.level is OverloadLevel.SHED:
            # Those that are over their share first, then the newest bulk sessions.
            costliest = [driver for driver in self._manager.work.costliest() if driver.session.live]
            bulk = [driver for driver in reversed(self._manager.live.values()) if _is_bulk(driver)]
            most = max(MIN_SHED, max(len(costliest), len(bulk)) // SHED_DIVISOR)
            chosen = list(dict.fromkeys([*costliest, *bulk]))[:most]
            self._manager.close(CloseReason.OVERLOADED, ids=[each.session.identity.id for each in chosen])


def _is_bulk(driver: SessionDriver) -> bool:
    return driver.session.live and driver.session.profile.bulk
