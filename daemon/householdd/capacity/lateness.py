"""Lateness of the control loop, which spoils the latency that clients measure."""

from __future__ import annotations

PASS_INTERVAL_S = 0.25
"""Seconds."""

LATE_THRESHOLD_S = 0.02
"""Lateness from which a pass is late, in seconds."""


def late_passes(lateness: float, interval: float) -> int:
    """Return how many passes a delay of ``lateness`` seconds makes late, including those held up."""
    return 0 if lateness <= LATE_THRESHOLD_S else 1 + int(lateness / interval)


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
    """Late passes during a session."""

    def __init__(self) -> None:
        self._passes = 0
        self._late = 0

    def add(self, late: int) -> None:
        self._passes += max(late, 1)
        self._late += late

    @property
    def overloaded(self) -> bool:
        """Whether more than one pass, and more than 1 in 20, was late: the 95th percentile may then be the server's."""
        return self._late > 1 and self._late > self._passes / 20
