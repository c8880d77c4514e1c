"""Verdict of a score: a message key."""

from __future__ import annotations

from household_scoring.playout import Playout
from household_scoring.requirements import Band, Requirements

BEST_AFTER_STALL: Band = "fair"
"""However much arrived in total."""


def band(requirements: Requirements, score: float | None, playout: Playout | None) -> Band | None:
    """Return the band, limited by stalls of the player."""
    if score is None:
        return None
    if playout is not None and playout.start_up_s is None:
        return requirements.bands[-1].band
    by_score = next(bound.band for bound in requirements.bands if score >= bound.least)
    order = [bound.band for bound in requirements.bands]
    if playout is not None and playout.stalls and order.index(by_score) < order.index(BEST_AFTER_STALL):
        return BEST_AFTER_STALL
    return by_score


def verdict_key(activity: str, band: Band | None) -> str:
    """Return ``verdict.<activity>.<band>``, or ``verdict.<activity>.unknown``."""
    return f"verdict.{activity}.{band or 'unknown'}"
