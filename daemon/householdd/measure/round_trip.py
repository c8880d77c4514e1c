"""Timeout of an answer (RFC 6298)."""

from __future__ import annotations

_ALPHA = 1 / 8
_BETA = 1 / 4
_K = 4
"""RFC 6298, section 2."""


class RoundTrip:
    """In seconds."""

    __slots__ = ("deviation", "latest", "smoothed")

    def __init__(self) -> None:
        self.latest: float | None = None
        self.smoothed: float | None = None
        self.deviation = 0.0

    def add(self, sample: float) -> None:
        """Add a sample; a pong names its ping, so none is ambiguous."""
        self.latest = sample
        if self.smoothed is None:
            self.smoothed, self.deviation = sample, sample / 2
            return
        self.deviation += _BETA * (abs(self.smoothed - sample) - self.deviation)
        self.smoothed += _ALPHA * (sample - self.smoothed)

    def timeout(self, floor: float, ceiling: float) -> float:
        """Return seconds within the bounds; the floor before the first sample."""
        if self.smoothed is None:
            return floor
        return min(max(self.smoothed + _K * self.deviation, floor), ceiling)
