"""How often values fell into which range."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of all that was counted does not exceed; None where nothing was.

    Values are taken as spread evenly over their range; those above the last bound as that bound.
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
    """Counts values by range. Cheap enough for what happens a thousand times a second."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """``bounds`` rise; each is the greatest value of its range, and one more range is above the last."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """Values by range; a range does not contain the ones below."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts ``value``."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
