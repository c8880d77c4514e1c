"""What a worker does about its overload, once a control pass."""

from __future__ import annotations

import heapq
import math
import time
from collections import deque
from collections.abc import Callable

import structlog

from householdd.capacity.overload_controller import OverloadController, OverloadLevel, OverloadTuning, Signal
from householdd.session.close_reason import CloseReason
from householdd.worker.memory_gauge import MemoryGauge
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

log = structlog.get_logger("overload")

PASSES, LATE_PASSES = 9, 3
"""The lag is what so many of the last passes were late by, at least. One that was held up, however long, is no
overload; and no more are asked for, since a pass that was missed is made up for at once, and that one is in time."""

CHECK_INTERVAL_S = 1.0
"""Seconds between two looks at what takes time to look at, and between two rounds of ending sessions."""

BULK_BPS = 10e6
"""Most payload in a direction of a bulk session that is slowed, bit/s: a hundredth of what it wants."""

SHED_LEAST, SHED_PART = 2, 20
"""Bulk sessions that are ended in a round, at least, and one of how many."""


class OverloadActions:
    """Updates the overload level of one worker, and carries out its measures."""

    def __init__(
        self,
        manager: SessionManager,
        tuning: OverloadTuning,
        memory: MemoryGauge | None = None,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """``cpu`` tells the seconds of CPU that the worker has used; without ``memory`` nobody looks at that."""
        self.controller = OverloadController(tuning)
        self.since_wall = manager.clock.wall()
        """Unix time at which the step in force began."""
        self._manager = manager
        self._tuning = tuning
        self._memory = memory
        self._cpu = cpu
        self._lateness = deque[float](maxlen=PASSES)
        self._slow_figures: dict[Signal, float] = {}
        """Of the last look."""
        self._looked: tuple[float, float] | None = None
        """When that was, and the CPU used until then; None before the first."""

    @property
    def bulk_bps(self) -> float:
        """The most for a direction of a bulk session, bit/s."""
        return BULK_BPS if self.controller.level >= OverloadLevel.SLOW else math.inf

    def run(self, now: float, lateness: float) -> None:
        """Looks how the worker is; this control pass began ``lateness`` seconds after its time."""
        if not self._tuning.enabled:
            return
        self._lateness.append(lateness)
        looked = self._looked is None or now - self._looked[0] >= CHECK_INTERVAL_S
        if looked:
            self._look(now)
        if self.controller.update(self._figures(), now):
            self._moved()
            looked = True
        if looked:
            self._end_sessions()

    def _look(self, now: float) -> None:
        used = self._cpu()
        figures = {Signal.SEND_QUEUE: float(sum(driver.connection.buffered for driver in self._manager.live.values()))}
        if self._looked is not None:
            before, used_before = self._looked
            figures[Signal.CPU] = (used - used_before) / (now - before)
        if self._memory is not None:
            told = {Signal.MEMORY: self._memory.used(), Signal.MEMORY_STALL: self._memory.stalled()}
            figures |= {strain: figure for strain, figure in told.items() if figure is not None}
        self._slow_figures = figures
        self._looked = now, used

    def _figures(self) -> dict[Signal, float]:
        lag = heapq.nlargest(LATE_PASSES, self._lateness)[-1] if len(self._lateness) == PASSES else 0.0
        figures = {Signal.LAG: lag, **self._slow_figures}
        if lag < self._tuning.lag / 2:
            # It keeps its pace, however busy.
            figures.pop(Signal.CPU, None)
        return figures

    def _moved(self) -> None:
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

    def _end_sessions(self) -> None:
        if self.controller.level is OverloadLevel.STOP:
            # Again at each look: a handshake may have been under way.
            self._manager.close(CloseReason.OVERLOADED)
        elif self.controller.level is OverloadLevel.SHED:
            bulk = [driver for driver in reversed(self._manager.live.values()) if _is_bulk(driver)]
            newest = bulk[: max(SHED_LEAST, len(bulk) // SHED_PART)]
            self._manager.close(CloseReason.OVERLOADED, ids=[each.session.identity.id for each in newest])


def _is_bulk(driver: SessionDriver) -> bool:
    return driver.session.live and driver.session.profile.bulk
