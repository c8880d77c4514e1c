"""Lateness of the control loop, which spoils the latency that clients measure."""

from __future__ import annotations

from collections import deque

PASS_INTERVAL_S = 0.25
"""Seconds."""

LATE_THRESHOLD_S = 0.02
"""Lateness from which a pass is late, in seconds."""

MIN_LATE_S = 2 * PASS_INTERVAL_S
"""Late time that a session has at least where it says that the server was overloaded, in seconds."""

MAX_LATE_SHARE = 1 / 20
"""Share of late time above which the 95th percentile of what clients measure may be the server's."""

LAG_WINDOW_S = 2.25
"""Time that the lag is taken from, in seconds."""

LAG_TIME_S = 0.7
"""Time within the window in which the loop was at least as late as the lag, in seconds: three passes on schedule."""

MAX_WEIGHT_S = 0.5
"""Longest time that one pass counts for in the window, in seconds.

Less than ``LAG_TIME_S``, so that a single stall, however long, is no lag.
"""


class PassTimer:
    """Schedule of passes that begin ``interval`` seconds apart."""

    def __init__(self, interval: float, now: float) -> None:
        self._interval = interval
        self.due = now

    def begin(self, now: float) -> float:
        """Return the pass's lateness in seconds.

        One missed pass is made up for at once, further ones are skipped.
        """
        lateness = now - self.due
        self.due = max(self.due + self._interval, now)
        return lateness


class Lateness:
    """Time during a session in which the control loop was late."""

    def __init__(self, now: float) -> None:
        self._began = self._until = now
        self.late_s = 0.0

    def add(self, lateness: float, now: float) -> None:
        """Add the time since the last call, of which a pass that began ``lateness`` seconds late is the sample."""
        if lateness > LATE_THRESHOLD_S:
            self.late_s += now - self._until
        self._until = now

    @property
    def overloaded(self) -> bool:
        """Whether what the client measured may be the server's."""
        return self.late_s > max(MIN_LATE_S, MAX_LATE_SHARE * (self._until - self._began))


class Lag:
    """Lateness that the control loop had or exceeded for ``LAG_TIME_S`` of the last ``LAG_WINDOW_S``.

    Passes count by the time since the one before, so that a loop whose passes take seconds is known after two of them.
    """

    def __init__(self) -> None:
        self._passes = deque[tuple[float, float]]()
        """Lateness and weight of the passes in the window, in seconds."""
        self._until: float | None = None

    def add(self, lateness: float, now: float) -> None:
        """Add the time since the last call, of which a pass that began ``lateness`` seconds late is the sample."""
        if self._until is not None:
            self._passes.append((lateness, min(now - self._until, MAX_WEIGHT_S)))
        self._until = now
        excess = sum(weight for _, weight in self._passes) - LAG_WINDOW_S
        while self._passes and excess >= self._passes[0][1]:
            excess -= self._passes.popleft()[1]

    @property
    def seconds(self) -> float:
        """The lag; 0.0 before there are passes for ``LAG_TIME_S``."""
        late = 0.0
        for lateness, weight in sorted(self._passes, reverse=True):
            late += weight
            if late >= LAG_TIME_S:
                return lateness
        return 0.0
