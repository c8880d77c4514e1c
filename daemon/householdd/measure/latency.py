"""Latency figures of one session."""

from __future__ import annotations

import math
from array import array

BASELINE_SAMPLES = 4
"""First round trips, whose minimum is the baseline: 2 s of pings."""

MAX_SAMPLES = 600
"""Latest round trips for percentiles: 5 minutes of pings."""

SEVERITIES = ((10.0, "none"), (50.0, "mild"), (200.0, "moderate"))
"""Bounds in ms, with the words of the earlier system's API."""

WORST_SEVERITY = "severe"

LEVELS = ((5.0, "none"), (30.0, "minimal"), (60.0, "mild"), (200.0, "moderate"), (400.0, "severe"))
"""Bounds in ms, as of the grades A+, A, B, C and D."""

WORST_LEVEL = "extreme"


class SessionLatency:
    """Round trips in milliseconds; NaN before the first."""

    def __init__(self) -> None:
        self.count = 0
        self.current = math.nan
        self.minimum = math.inf
        self.maximum = 0.0
        self.jitter = 0.0
        """Smoothed difference of successive round trips (RFC 3550, section 6.4.1)."""
        self.baseline = math.nan
        self._sum = 0.0
        self._latest = array("f")

    def add(self, milliseconds: float) -> None:
        if self.count:
            self.jitter += (abs(milliseconds - self.current) - self.jitter) / 16
        self.count += 1
        self._sum += milliseconds
        self._latest.append(milliseconds)
        if len(self._latest) > MAX_SAMPLES:
            del self._latest[0]
        self.current = milliseconds
        self.minimum = min(self.minimum, milliseconds)
        self.maximum = max(self.maximum, milliseconds)
        if self.count <= BASELINE_SAMPLES:
            self.baseline = self.minimum

    def percentiles(self) -> tuple[float, float, float] | None:
        """Return None before the first sample."""
        if not self._latest:
            return None
        ordered = sorted(self._latest)
        last = len(ordered) - 1
        p50, p95, p99 = (ordered[round(last * part)] for part in (0.5, 0.95, 0.99))
        return p50, p95, p99

    @property
    def mean(self) -> float:
        return self._sum / self.count if self.count else math.nan

    @property
    def increase(self) -> float:
        """Latest round trip over the baseline, never negative."""
        return max(self.current - self.baseline, 0.0)

    @property
    def baseline_established(self) -> bool:
        return self.count >= BASELINE_SAMPLES

    @property
    def severity(self) -> str:
        return _word(self.increase, SEVERITIES, WORST_SEVERITY) if self.count else "none"

    @property
    def level(self) -> str:
        return _word(self.increase, LEVELS, WORST_LEVEL) if self.count else "unknown"


def _word(increase: float, bounds: tuple[tuple[float, str], ...], worst: str) -> str:
    for bound, word in bounds:
        if increase < bound:
            return word
    return worst
