"""How a run went, as the few points that a server keeps of it; the page sends the same of its runs."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_POINTS = 240
"""Points that a server takes."""

BUCKET_S = 0.25
"""Time that a point stands for, where that makes no more points than allowed; else the least multiple that does."""

Point = tuple[float, float | None, int, int]
"""Seconds since the begin of the run, delay in ms or None where no ping was answered, down and up in bit/s."""

Portion = tuple[float, int]
"""When, and how many bytes."""


def points(
    began: float,
    ended: float,
    round_trips: Iterable[tuple[float, float]],
    received: Iterable[Portion],
    sent: Iterable[Portion],
) -> list[Point]:
    """The run from ``began`` to ``ended``, in seconds of the clock that all times are of.

    ``round_trips`` are when pings were sent and how many seconds they took: a late answer stands where its ping was
    sent, and a point has the median of its pings.
    """
    bucket_s = BUCKET_S * max(math.ceil((ended - began) / BUCKET_S / MAX_POINTS), 1)
    count = math.floor((ended - began) / bucket_s)
    delays: list[list[float]] = [[] for _ in range(count)]
    for at, seconds in round_trips:
        if 0 <= (place := math.floor((at - began) / bucket_s)) < count:
            delays[place].append(seconds * 1e3)
    down, up = (_rates(portions, began, bucket_s, count) for portions in (received, sent))
    return [
        (round(place * bucket_s, 3), round(median(delay), 2) if delay else None, down[place], up[place])
        for place, delay in enumerate(delays)
    ]


def _rates(portions: Iterable[Portion], began: float, bucket_s: float, count: int) -> list[int]:
    sums = [0] * count
    for at, size in portions:
        if 0 <= (place := math.floor((at - began) / bucket_s)) < count:
            sums[place] += size
    return [round(total * 8 / bucket_s) for total in sums]
