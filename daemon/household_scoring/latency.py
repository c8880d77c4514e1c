"""Latency figures of one series of round trips."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from household_scoring.statistics import jitter, percentile


class LatencyFigures(msgspec.Struct, frozen=True, rename="camel"):
    """Round trips of one phase."""

    count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    jitter_ms: float | None
    increase_p95_ms: float | None
    """95th percentile of the increase over the baseline; None without samples or without a baseline."""


def baseline(idle_ms: Sequence[float]) -> float | None:
    """The latency of the idle line: the median of its round trips, as 50th percentile; None of none.

    Not the least one: that is the length of the path, as RFC 6817 wants it for a sender. What an idle line usually
    adds to it (contention on Wi-Fi, DOCSIS and mobile grants) is there without load, so it must not count as an effect
    of load. The median is unmoved by a few outliers of a short idle phase.
    """
    return percentile(idle_ms, 50)


def increase(baseline_ms: float, latency_ms: float) -> float:
    """What latency has grown by, never negative.

    A percentile of the increases of single round trips is the increase of their percentile, because no round trips
    change places.
    """
    return max(latency_ms - baseline_ms, 0.0)


def latency_figures(round_trips_ms: Sequence[float], baseline_ms: float | None) -> LatencyFigures:
    """The figures of round trips in the order of measurement. Raises ValueError for a negative or not finite one."""
    p95_ms = percentile(round_trips_ms, 95)
    return LatencyFigures(
        count=len(round_trips_ms),
        p50_ms=percentile(round_trips_ms, 50),
        p95_ms=p95_ms,
        p99_ms=percentile(round_trips_ms, 99),
        jitter_ms=jitter(round_trips_ms),
        increase_p95_ms=None if p95_ms is None or baseline_ms is None else increase(baseline_ms, p95_ms),
    )
