"""Percentiles, jitter and loss of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from household_scoring.validation import require_amount, require_amounts

PERCENTILES = (0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0)
"""Those that draft-ietf-ippm-qoo-09 recommends to report."""


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the nearest rank, always a measured value (RFC 2330, section 11.3).

    Raise ValueError unless ``percent`` is from 0 to 100, and values finite and not negative.
    """
    if not 0 <= percent <= 100:
        raise ValueError("percent must be from 0 to 100")
    require_amounts(values, "values")
    return _nearest_rank(sorted(values), percent) if values else None


def percentiles(values: Sequence[float]) -> tuple[float, ...]:
    """Return the values at :data:`PERCENTILES`; none without values. Raise ValueError as :func:`percentile` does."""
    require_amounts(values, "values")
    ascending = sorted(values)
    return tuple(_nearest_rank(ascending, percent) for percent in PERCENTILES) if ascending else ()


def _nearest_rank(ascending: Sequence[float], percent: float) -> float:
    # Multiplying first is exact for integers.
    rank = math.ceil(percent * len(ascending) / 100)
    return ascending[max(rank, 1) - 1]


def moving_means(values: Sequence[float], count: int) -> list[float]:
    """Return the mean of each ``count`` values in a row; none for fewer values.

    Raise ValueError unless ``count`` is at least 1, and values finite and not negative.
    """
    if count < 1:
        raise ValueError("count must be at least 1")
    require_amounts(values, "values")
    return [sum(values[end - count : end]) / count for end in range(count, len(values) + 1)]


def jitter(values: Sequence[float]) -> float | None:
    """Return the mean absolute difference of successive values (RFC 3393); None for fewer than two.

    The running estimate of RFC 3550, section 6.4.1, forgets all but the last few dozen.
    """
    require_amounts(values, "values")
    differences = [abs(after - before) for before, after in pairwise(values)]
    return sum(differences) / len(differences) if differences else None


def loss_share(sent: int, received: int) -> float | None:
    """Return None if none were sent. Raise ValueError if more were received than sent."""
    require_amount(sent, "sent")
    require_amount(received, "received")
    if received > sent:
        raise ValueError("received must be at most sent")
    return (sent - received) / sent if sent else None
