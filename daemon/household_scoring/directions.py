"""Which direction of the line hurts.

A run loads the line in *stretches*: the Computer downloads, then uploads, then does both. Each stretch has a report;
the worst is that of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

from household_scoring.grade import BOUNDS
from household_scoring.report import RunReport

Stretch: TypeAlias = Literal["download", "upload", "both"]
"""What the Computer does meanwhile, in the order of a run."""

MIN_SHARE = 1 / 3
"""Share of the worst increase from which a direction is named. The increases of the two add up while both are busy;
from a third of the sum on, one is at least half of the other."""


class StretchResult(Protocol):
    """What a stretch adds."""

    @property
    def stretch(self) -> Stretch: ...

    @property
    def valid(self) -> bool: ...

    @property
    def increase_ms(self) -> float | None:
        """Increase of the p95 that the grade rests on; None without round trips."""


def graded_increase(report: RunReport) -> float | None:
    """Return the increase of the p95 that the grade rests on."""
    by_kernel = report.attribution.witness == "kernel"
    return report.attribution.kernel_increase_p95_ms if by_kernel else report.latency.increase_p95_ms


_Result = TypeVar("_Result", bound=StretchResult)


def worst(stretches: Sequence[_Result]) -> _Result:
    """Return one that does not count before the others, else the greatest increase; the earliest of equals.

    Raise ValueError without stretches.
    """
    if not stretches:
        raise ValueError("stretches must not be empty")
    return max(stretches, key=lambda each: (not each.valid, each.increase_ms or 0.0))


def hurting(stretches: Sequence[StretchResult]) -> Stretch | None:
    """Return the direction to name beside the grade; ``both`` if neither alone explains it, or each does.

    None if nothing hurts (A or better), the run does not count, or there is no other stretch to compare with.
    """
    if len(stretches) < 2:
        return None
    most = worst(stretches)
    most_ms = most.increase_ms or 0.0
    if not most.valid or most_ms < _HARMLESS_MS:
        return None
    least_ms = max(_HARMLESS_MS, MIN_SHARE * most_ms)
    named = [each.stretch for each in stretches if each.stretch != "both" and (each.increase_ms or 0.0) >= least_ms]
    return named[0] if len(named) == 1 else "both"


_HARMLESS_MS = BOUNDS[1][0]
"""Increase below which the grade is A or better."""
