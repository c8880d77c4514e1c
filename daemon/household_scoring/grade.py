"""How much load increases latency."""

from __future__ import annotations

from enum import StrEnum

from household_scoring.latency import increase
from household_scoring.validation import require_amount

MAX_GROWTH_FACTOR = 10
"""Latency that grew by this factor is graded C at best."""
MIN_BASELINE_MS = 3.0
"""Smallest baseline for the factor, or a nearby server would condemn good lines.

A packet of 1500 bytes takes 2.4 ms at 5 Mbit/s. The factor applies from 30 ms, where grade B begins.
"""


class Grade(StrEnum):
    """From best to worst."""

    A_PLUS = "A+"
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    F = "F"


BOUNDS = ((5.0, Grade.A_PLUS), (30.0, Grade.A), (60.0, Grade.B), (200.0, Grade.C), (400.0, Grade.D))
"""Exclusive, in milliseconds."""


def grade(baseline_ms: float, loaded_p95_ms: float) -> Grade:
    """Grade the 95th percentile under load over the idle median."""
    require_amount(baseline_ms, "baseline_ms")
    require_amount(loaded_p95_ms, "loaded_p95_ms")
    added = increase(baseline_ms, loaded_p95_ms)
    by_increase = next((each for bound, each in BOUNDS if added < bound), Grade.F)
    if loaded_p95_ms < MAX_GROWTH_FACTOR * max(baseline_ms, MIN_BASELINE_MS):
        return by_increase
    return Grade.C if by_increase in {Grade.A_PLUS, Grade.A, Grade.B} else by_increase
