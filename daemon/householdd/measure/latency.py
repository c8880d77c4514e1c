"""Latency figures of one session."""

from __future__ import annotations

import math
from array import array

BASELINE_SAMPLES = 4
"""Round trips, the first of a session, whose least one is its baseline: two seconds at one ping each 500 ms."""

MAX_KEPT = 600
"""Round trips that percentiles are taken of: five minutes at one ping each 500 ms."""

SEVERITIES = ((10.0, "none"), (50.0, "mild"), (200.0, "moderate"))
"""Upper bounds of latency increase under load in milliseconds, with the words that deployed pages compare with."""

WORST_SEVERITY = "severe"

LEVELS = ((5.0, "none"), (30.0, "minimal"), (60.0, "mild"), (200.0, "moderate"), (400.0, "severe"))
"""The same, in the steps of the grades A+, A, B, C and D."""

WORST_LEVEL = "extreme"


class SessionLatency:
    """Round trips of one session, in milliseconds, as they come in."""

    def __init__(self) -> None:
        self.count = 0
        self.current = math.nan
        self.minimum = math.inf
        self.maximum = 0.0
        self.jitter = 0.0
        """Smoothed difference of neighbouring round trips, RFC 3550 section 6.4.1."""
        self.baseline = math.nan
        self._sum = 0.0
        self._latest = array("f")
        """Up to ``MAX_KEPT`` of them."""

    def add(self, milliseconds: float) -> None:
        """Takes one round trip."""
        if self.count:
            self.jitter += (abs(milliseconds - self.current) - self.jitter) / 16
        self.count += 1
        self._sum += milliseconds
        self._latest.append(milliseconds)
        if len(self._latest) > MAX_KEPT:
            del self._latest[0]
        self.current = milliseconds
        self.minimum = min(self.minimum, milliseconds)
        self.maximum = max(self.maximum, milliseconds)
        if self.count <= BASELINE_SAMPLES:
            self.baseline = self.minimum

    def percentiles(self) -> tuple[float, float, float] | None:
        """Return the 50th, 95th and 99th percentile of the latest round trips; None before the first."""
        if not self._latest:
            return None
        ordered = sorted(self._latest)
        last = len(ordered) - 1
        p50, p95, p99 = (ordered[round(last * part)] for part in (0.5, 0.95, 0.99))
        return p50, p95, p99

    @property
    def mean(self) -> float:
        """Mean of all round trips; NaN before the first."""
        return self._sum / self.count if self.count else math.nan

    @property
    def increase(self) -> float:
        """The latest round trip over the baseline, never negative; NaN before the first."""
        return max(self.current - self.baseline, 0.0)

    @property
    def baseline_established(self) -> bool:
        """Whether the baseline is final."""
        return self.count >= BASELINE_SAMPLES

    @property
    def severity(self) -> str:
        """One of the four words of the earlier system for the increase; ``none`` before the first round trip."""
        return _word(self.increase, SEVERITIES, WORST_SEVERITY) if self.count else "none"

    @property
    def level(self) -> str:
        """A word for the increase in the steps of the grades; ``unknown`` before the first round trip."""
        return _word(self.increase, LEVELS, WORST_LEVEL) if self.count else "unknown"


def _word(increase: float, bounds: tuple[tuple[float, str], ...], worst: str) -> str:
    for bound, word in bounds:
        if increase < bound:
            return word
    return worst


class RateMeter:
    """Rate of a growing byte count over the last ``WINDOW`` seconds."""

    WINDOW = 2.0

    def __init__(self, now: float) -> None:
        self._samples = [(now, 0)]

    def sample(self, now: float, total: int) -> None:
        """Notes that the count is ``total`` at ``now``; meant to be called each control pass."""
        self._samples.append((now, total))
        # One sample older than the window stays, so that the window is covered in full.
        while self._samples[1][0] <= now - self.WINDOW:
            del self._samples[0]

    @property
    def bps(self) -> float:
        """Bit/s between the oldest and the newest sample."""
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last - first) * 8 / (ended - began) if ended > began else 0.0
