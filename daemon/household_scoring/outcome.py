"""Quality of Outcome, draft-ietf-ippm-qoo: how near a line is to what an activity needs, from 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from household_scoring.requirements import DeliveryBounds, LatencyBounds, LossBounds, Requirement
from household_scoring.statistics import percentile
from household_scoring.validation import require_amount, require_share

Component = Literal["latency", "loss", "throughput"]


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """Scores from 0 to 100; None where the activity has no such requirement or nothing was measured."""

    score: float | None
    """The least component; None as long as latency or delivery is required and was not measured."""
    latency: float | None
    loss: float | None
    throughput: float | None
    limited_by: Component | None
    """The least component, the first of equal ones; None where the score is None or 100."""


def component(measured: float, rop: float, cpup: float) -> float:
    """The score of a figure of which less is better: 100 up to ROP, 0 from CPUP on, and linear between.

    For ROP equal to CPUP it is a threshold that may be reached. The draft's
    ``clamp(0, 1 - (measured - ROP) / (CPUP - ROP), 1) * 100``, without its division by zero.
    """
    if measured <= rop:
        return 100.0
    if measured >= cpup:
        return 0.0
    return 100 * (1 - (measured - rop) / (cpup - rop))


def latency_score(bounds: Sequence[LatencyBounds], round_trips_ms: Sequence[float]) -> float | None:
    """The least score of all percentiles; None without bounds or without round trips."""
    scores: list[float] = []
    for bound in bounds:
        measured = percentile(round_trips_ms, bound.percentile)
        if measured is None:
            return None
        scores.append(component(measured, bound.rop, bound.cpup))
    return min(scores, default=None)


def loss_score(bounds: LossBounds | None, loss_share: float | None) -> float | None:
    """The score of a loss; None without bounds or where loss was not measured."""
    if loss_share is None:
        return None
    require_share(loss_share, "loss_share")
    return None if bounds is None else component(loss_share, bounds.rop, bounds.cpup)


def throughput_score(bounds: DeliveryBounds | None, delivery: float | None) -> float | None:
    """The score of the share of the wanted rate that arrives; None without bounds or where nothing was wanted.

    The draft has a threshold here. Calls, games and players adapt, so that a bit too little is not yet a failure: the
    score is linear between two bounds, and a threshold where they are equal.
    """
    if delivery is None:
        return None
    require_amount(delivery, "delivery")
    return None if bounds is None else component(-delivery, -bounds.rop, -bounds.cpup)


def quality_of_outcome(
    requirement: Requirement, round_trips_ms: Sequence[float], loss_share: float | None, delivery: float | None
) -> Outcome:
    """The outcome of round trips under load, loss as a share, and the share of the wanted rate that arrived.

    Loss is None over TCP, which repeats what is lost, so that loss is seen as latency; the score is then that of the
    other components. Raises ValueError for figures that cannot be.
    """
    scores: dict[Component, float | None] = {
        "latency": latency_score(requirement.latency, round_trips_ms),
        "loss": loss_score(requirement.loss, loss_share),
        "throughput": throughput_score(requirement.delivery, delivery),
    }
    missing = (requirement.latency and scores["latency"] is None) or (
        requirement.delivery is not None and scores["throughput"] is None
    )
    known = {} if missing else {name: score for name, score in scores.items() if score is not None}
    least = min(known, key=known.__getitem__, default=None)
    score = None if least is None else known[least]
    return Outcome(score=score, limited_by=None if score in {None, 100} else least, **scores)
