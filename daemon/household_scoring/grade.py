"""How much load increases latency."""

from __future__ import annotations

from enum import StrEnum

from household_scoring.latency import increase
from household_scoring.validation import require_amount


class Grade(StrEnum):
    """From best to worst."""

    A_PLUS = "A+"
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    F = "F"


BOUNDS = ((5.0, Grade.A_PLUS), (30.0, Grade.A), (60.0, Grade.B), (200.0, Grade.C), (400.0, Grade.D))
"""Exclusive, in milliseconds. The bounds that Waveform's bufferbloat test publishes."""


def grade(baseline_ms: float, loaded_p95_ms: float) -> Grade:
    """Grade the 95th percentile under load over the idle median."""
    require_amount(baseline_ms, "baseline_ms")
    require_amount(loaded_p95_ms, "loaded_p95_ms")
    added = increase(baseline_ms, loaded_p95_ms)
    return next((each for bound, each in BOUNDS if added < bound), Grade.F)
