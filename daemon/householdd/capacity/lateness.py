"""Was this server itself late? Then what its client measured is the server, and no longer the line."""

from __future__ import annotations

PASS_INTERVAL_S = 0.25
"""Interval between control passes."""

LATE_S = 0.02
"""Seconds after which a pass counts as late; as much as a client allows its own timers."""


def late_passes(lateness: float, interval: float) -> int:
    """How many passes are late when one begins ``lateness`` seconds after its time: itself, and those it held up.

    Passes are ``interval`` seconds apart.
    """
    return 0 if lateness <= LATE_S else 1 + int(lateness / interval)


class Beat:
    """When passes are due that are to begin ``interval`` seconds apart."""

    def __init__(self, interval: float, now: float) -> None:
        """The first one is due at ``now``, monotonic."""
        self._interval = interval
        self.due = now
        """When the next pass is to begin; it may have gone by."""

    def begin(self, now: float) -> float:
        """A pass begins; how many seconds after its time, whether it was kept waiting or the one before took long.

        One that was missed is made up for at once, more of them are not.
        """
        lateness = now - self.due
        self.due = max(self.due + self._interval, now)
        return lateness


class Lateness:
    """The passes of the control loop in the life of one session."""

    def __init__(self) -> None:
        self._passes = 0
        self._late = 0

    def passed(self, late: int) -> None:
        """A pass was made; ``late`` is what ``late_passes`` says of it."""
        self._passes += max(late, 1)
        self._late += late

    @property
    def overloaded(self) -> bool:
        """Whether more than one pass in twenty was late, so that the 95th percentile of a latency may be the server's.

        One late pass alone is no overload, however short the session.
        """
        return self._late > 1 and self._late > self._passes / 20
