"""Whether the wall clock can be trusted for expiring data.

A clock that is wrong after boot, or jumps later, would have the whole history deleted at once.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_STEP_S = 86400.0
"""Trusted deviation of the wall clock, in seconds; deletes at most a day's rows too early."""

MIN_STEADY_S = 86400.0
"""Seconds for which a deviating clock must run steadily before it is trusted."""

MAX_DRIFT_S = 60.0
"""Drift of a steady clock, in seconds."""


@dataclass(frozen=True)
class ClockReading:
    """Both clocks at one moment."""

    wall: float
    """Unix time."""
    boot: float
    """Seconds since boot, never stepped."""


class ClockTrust:
    """Compares the wall clock with the last trusted time."""

    def __init__(self, last_seen: float | None, now: ClockReading) -> None:
        """``last_seen`` is the Unix time of the last write with a trusted clock."""
        self._known = ClockReading(now.wall if last_seen is None else last_seen, now.boot)
        self._steady_from = now
        self.trusted = False
        self.update(now)

    @property
    def last_known(self) -> float:
        return self._known.wall

    def update(self, now: ClockReading) -> bool:
        """Call at least every few minutes."""
        drift = self.step(now, self._steady_from)
        if abs(drift) > MAX_DRIFT_S:
            self._steady_from = now
        steady = now.boot - self._steady_from.boot >= MIN_STEADY_S
        self.trusted = abs(self.step(now, self._known)) <= MAX_STEP_S or steady
        if self.trusted:
            self._known = now
        return self.trusted

    def seconds_until_trusted(self, now: ClockReading) -> float:
        """Return the seconds until the clock is trusted if it stays steady."""
        return max(self._steady_from.boot + MIN_STEADY_S - now.boot, 0.0)

    def ahead(self, now: ClockReading) -> float:
        """Return seconds beyond the expected time."""
        return self.step(now, self._known)

    @staticmethod
    def step(now: ClockReading, before: ClockReading) -> float:
        """Return how far the wall clock was stepped, in seconds."""
        return (now.wall - before.wall) - (now.boot - before.boot)
