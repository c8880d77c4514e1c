"""Latency figures of round trips."""

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
    """None without samples or baseline."""


def baseline(idle_ms: Sequence[float]) -> float | None:
    """Return the median.

    Not the minimum (RFC 6817): an idle line adds to it (Wi-Fi contention, DOCSIS and mobile grants), which is no
    effect of load.
    """
    return percentile(idle_ms, 50)


def increase(baseline_ms: float, latency_ms: float) -> float:
    """Return the increase, never negative."""
    return max(latency_ms - baseline_ms, 0.0)


def latency_figures(round_trips_ms: Sequence[float], baseline_ms: float | None) -> LatencyFigures:
    """Raise ValueError if a round trip is negative or not finite."""
    p95_ms = percentile(round_trips_ms, 95)
    return LatencyFigures(
        count=len(round_trips_ms),
        p50_ms=percentile(round_trips_ms, 50),
        p95_ms=p95_ms,
        p99_ms=percentile(round_trips_ms, 99),
        jitter_ms=jitter(round_trips_ms),
        increase_p95_ms=None if p95_ms is None or baseline_ms is None else increase(baseline_ms, p95_ms),
    )
