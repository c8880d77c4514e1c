"""Lateness of the server's control loop; a late server spoils the latency that clients measure."""

from __future__ import annotations

PASS_INTERVAL_S = 0.25
"""Interval between control passes, in seconds."""

LATE_THRESHOLD_S = 0.02
"""Lateness from which a pass counts as late, in seconds; a client allows its own timers as much."""


def late_passes(lateness: float, interval: float) -> int:
    """Return how many passes a delay of ``lateness`` seconds makes late: this one and those it held up.

    Passes are ``interval`` seconds apart.
    """
    return 0 if lateness <= LATE_THRESHOLD_S else 1 + int(lateness / interval)


class PassTimer:
    """Schedule of passes that begin ``interval`` seconds apart."""

    def __init__(self, interval: float, now: float) -> None:
        """The first pass is due at ``now``, monotonic."""
        self._interval = interval
        self.due = now
        """When the next pass is due; may be in the past."""

    def begin(self, now: float) -> float:
        """Begin a pass; return its lateness in seconds, caused by waiting or by a long previous pass.

        One missed pass is made up for at once, further ones are skipped.
        """
        lateness = now - self.due
        self.due = max(self.due + self._interval, now)
        return lateness


class Lateness:
    """Late control passes within the life of one session."""

    def __init__(self) -> None:
        self._passes = 0
        self._late = 0

    def add(self, late: int) -> None:
        """Add a pass; ``late`` is the result of ``late_passes``."""
        self._passes += max(late, 1)
        self._late += late

    @property
    def overloaded(self) -> bool:
        """Whether more than one pass, and more than 1 in 20, was late.

        The 95th percentile of a latency may then be the server's.
        """
        return self._late > 1 and self._late > self._passes / 20
