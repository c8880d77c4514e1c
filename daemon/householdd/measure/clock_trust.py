"""Whether the wall clock can be trusted to say what is too old.

A clock that is wrong after a start, or jumps later, would have the whole history deleted in a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_STEP_S = 86400.0
"""How far the wall clock may be from where it is expected: such a step deletes at most a day's rows too early."""

STEADY_S = 86400.0
"""How long a clock that is elsewhere must run steadily before it is trusted."""

MAX_DRIFT_S = 60.0
"""How far a steady clock may move against the time since boot."""


@dataclass(frozen=True)
class ClockReading:
    """Both clocks at one moment."""

    wall: float
    """Unix time."""
    boot: float
    """Seconds since boot, suspended time included; never stepped."""


class ClockTrust:
    """Compares the wall clock with the last time that was known to be right."""

    def __init__(self, last_seen: float | None, now: ClockReading) -> None:
        """``last_seen`` is when the daemon last wrote with a trusted clock, in Unix time; None if it never did."""
        self._known = ClockReading(now.wall if last_seen is None else last_seen, now.boot)
        self._steady_from = now
        """Since when the wall clock has been steady."""
        self.trusted = False
        """As of the last look."""
        self.look(now)

    @property
    def last_known(self) -> float:
        """The last wall time that was trusted."""
        return self._known.wall

    def look(self, now: ClockReading) -> bool:
        """Return whether the wall clock is trusted now; to be called every few minutes at least."""
        drift = self.step(now, self._steady_from)
        if abs(drift) > MAX_DRIFT_S:
            self._steady_from = now
        steady = now.boot - self._steady_from.boot >= STEADY_S
        self.trusted = abs(self.step(now, self._known)) <= MAX_STEP_S or steady
        if self.trusted:
            self._known = now
        return self.trusted

    def trusted_from(self, now: ClockReading) -> float:
        """Return in how many seconds the clock will be trusted if it stays steady."""
        return max(self._steady_from.boot + STEADY_S - now.boot, 0.0)

    def ahead(self, now: ClockReading) -> float:
        """Return how far the wall clock is ahead of where it is expected, in seconds; negative if it is behind."""
        return self.step(now, self._known)

    @staticmethod
    def step(now: ClockReading, before: ClockReading) -> float:
        """Return by how much the wall clock moved more than time passed."""
        return (now.wall - before.wall) - (now.boot - before.boot)
