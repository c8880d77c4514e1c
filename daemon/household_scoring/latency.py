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
    """95th percentile of the increase over the baseline; None without samples or baseline."""


def baseline(idle_ms: Sequence[float]) -> float | None:
    """Return the latency of the idle line: the median round trip; None without any.

    Not the minimum, the length of the path as in RFC 6817: an idle line adds to it (contention on Wi-Fi, DOCSIS and
    mobile grants), which must not count as an effect of load. The median ignores a few outliers of a short idle phase.
    """
    return percentile(idle_ms, 50)


def increase(baseline_ms: float, latency_ms: float) -> float:
    """Return the increase of latency, never negative.

    The percentile of the increases of single round trips equals the increase of their percentile, since the order is
    the same.
    """
    return max(latency_ms - baseline_ms, 0.0)


def latency_figures(round_trips_ms: Sequence[float], baseline_ms: float | None) -> LatencyFigures:
    """Return the figures of round trips in order of measurement. Raise ValueError if one is negative or not finite."""
    p95_ms = percentile(round_trips_ms, 95)
    return LatencyFigures(
        count=len(round_trips_ms),
        p50_ms=percentile(round_trips_ms, 50),
        p95_ms=p95_ms,
        p99_ms=percentile(round_trips_ms, 99),
        jitter_ms=jitter(round_trips_ms),
        increase_p95_ms=None if p95_ms is None or baseline_ms is None else increase(baseline_ms, p95_ms),
    )
