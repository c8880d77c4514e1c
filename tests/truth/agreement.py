"""Whether a 95th percentile is irtt's."""

from __future__ import annotations

from tests.lab.results import Figure
from tests.truth.measure import Latency


def p95_differs(ours: Latency, irtt: Latency, share: float = 0.1) -> Figure:
    """By how much, in milliseconds; 3 ms are allowed, or a share of irtt's."""
    differs = ours.added_p95 - irtt.added_p95
    return Figure(
        "p95 differs, ms",
        differs,
        why=f"within 3 ms or {share:.0%}".replace("%", " %"),
        holds=abs(differs) <= max(3, share * irtt.added_p95),
        near=abs(differs) <= max(15, 0.3 * irtt.added_p95),
    )
