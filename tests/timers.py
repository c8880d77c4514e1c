"""Timers of a clock that a test sets; they fire only when the test says so."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class ScheduledCall:
    """A call of ``function`` that is made at most once."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """Drop the call."""
        self._function = None

    def make(self) -> None:
        """Make the call, unless it was cancelled."""
        if self._function is not None:
            self._function()


class Timers:
    """Schedules calls by the clock ``now``."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._heap: list[tuple[float, int, ScheduledCall]] = []
        # Calls that are due at the same time keep their order.
        self._numbers = itertools.count()

    def call_later(self, delay: float, function: Callable[[], None]) -> ScheduledCall:
        """Schedule a call, as ``loop.call_later`` does."""
        call = ScheduledCall(function)
        heapq.heappush(self._heap, (self._now() + delay, next(self._numbers), call))
        return call

    def fire(self) -> None:
        """Make the calls that are due now, but none that these schedule."""
        due = []
        while self._heap and self._heap[0][0] <= self._now():
            due.append(heapq.heappop(self._heap)[2])
        for call in due:
            call.make()
