"""Histograms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """Return a quantile, or None without values.

    Assumes values spread evenly over their bucket; those above the last bound count as that bound.
    """
    rank = share * sum(counts)
    if rank == 0:
        return None
    below = 0
    for index, (bound, count) in enumerate(zip(bounds, counts, strict=False)):
        if count and below + count >= rank:
            lowest = bounds[index - 1] if index else 0.0
            return lowest + (bound - lowest) * (rank - below) / count
        below += count
    return bounds[-1]


class Histogram:
    """Counts values by bucket."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """``bounds`` are ascending and inclusive; one more bucket is above the last."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """Not cumulative."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
