"""Percentiles, jitter and loss of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from household_scoring.validation import require_amount, require_amounts


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest value that at least ``percent`` % of the values do not exceed; None without values.

    This is the percentile of the empirical distribution function (RFC 2330, section 11.3), or nearest rank: always a
    measured value, never one between two. Raise ValueError if ``percent`` is not from 0 to 100, or a value is negative
    or not finite.
    """
    if not 0 <= percent <= 100:
        raise ValueError("percent must be from 0 to 100")
    require_amounts(values, "values")
    if not values:
        return None
    # Multiplying first is exact for integers, so that the rank is never one too high.
    rank = math.ceil(percent * len(values) / 100)
    return sorted(values)[max(rank, 1) - 1]


def jitter(values: Sequence[float]) -> float | None:
    """Return the mean absolute difference of successive values, in order of measurement; None for fewer than two.

    The differences are the inter-packet delay variation of RFC 3393. Their mean weighs the whole run equally; the
    running estimate of RFC 3550, section 6.4.1, forgets all but the last few dozen.
    """
    require_amounts(values, "values")
    differences = [abs(after - before) for before, after in pairwise(values)]
    return sum(differences) / len(differences) if differences else None


def loss_share(sent: int, received: int) -> float | None:
    """Return the share of sent packets that did not arrive; None if none were sent.

    Raise ValueError if more were received than sent.
    """
    require_amount(sent, "sent")
    require_amount(received, "received")
    if received > sent:
        raise ValueError("received must be at most sent")
    return (sent - received) / sent if sent else None
