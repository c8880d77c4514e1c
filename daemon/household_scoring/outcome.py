"""Two scores of an activity, from 0 to 100: Quality of Outcome (QoO, draft-ietf-ippm-qoo-09), and our own.

Ours differs in the throughput: the draft has a threshold, but calls, games and players adapt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from household_scoring.requirements import DeliveryBounds, LatencyBounds, LossBounds, Requirement
from household_scoring.statistics import percentile
from household_scoring.validation import require_amount, require_share

Component = Literal["latency", "loss", "throughput"]


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """None without such a requirement or measurement."""

    score: float | None
    """Our own: the least component; None if required latency or delivery was not measured."""
    qoo: float | None
    """The draft's, with a threshold for the throughput. Over TCP it lacks the loss, as ours does."""
    latency: float | None
    loss: float | None
    throughput: float | None
    limited_by: Component | None
    """First of the least components; None if the score is None or 100."""


def component(measured: float, rop: float, cpup: float) -> float:
    """Score a figure of which less is better: 100 up to ROP, 0 from CPUP.

    The draft's ``clamp(0, 1 - (measured - ROP) / (CPUP - ROP), 1) * 100``. An inclusive threshold if ROP equals CPUP.
    """
    if measured <= rop:
        return 100.0
    if measured >= cpup:
        return 0.0
    return 100 * (1 - (measured - rop) / (cpup - rop))


def latency_score(bounds: Sequence[LatencyBounds], round_trips_ms: Sequence[float]) -> float | None:
    """Return the least score of all percentiles."""
    scores: list[float] = []
    for bound in bounds:
        measured = percentile(round_trips_ms, bound.percentile)
        if measured is None:
            return None
        scores.append(component(measured, bound.rop, bound.cpup))
    return min(scores, default=None)


def loss_score(bounds: LossBounds | None, loss_share: float | None) -> float | None:
    if loss_share is None:
        return None
    require_share(loss_share, "loss_share")
    return None if bounds is None else component(loss_share, bounds.rop, bounds.cpup)


def throughput_score(bounds: DeliveryBounds | None, delivery: float | None) -> float | None:
    """Score the delivered share of the wanted rate, linearly between two bounds."""
    if delivery is None:
        return None
    require_amount(delivery, "delivery")
    return None if bounds is None else component(-delivery, -bounds.rop, -bounds.cpup)


def quality_of_outcome(
    requirement: Requirement,
    round_trips_ms: Sequence[float],
    loss_share: float | None,
    delivery: float | None,
    smooth: float | None = None,
) -> Outcome:
    """Return both scores. Raise ValueError for impossible figures.

    Loss is None over TCP, where retransmissions turn it into latency. ``smooth`` is the score of a rendition in which a
    video played without a stop.
    """
    scores: dict[Component, float | None] = {
        "latency": latency_score(requirement.latency, round_trips_ms),
        "loss": loss_score(requirement.loss, loss_share),
        "throughput": throughput_score(requirement.delivery, delivery) if smooth is None else smooth,
    }
    missing = (requirement.latency and scores["latency"] is None) or (
        requirement.delivery is not None and scores["throughput"] is None
    )
    known = {} if missing else {name: score for name, score in scores.items() if score is not None}
    least = min(known, key=known.__getitem__, default=None)
    score = None if least is None else known[least]
    qoo = min((known | _by_threshold(requirement.delivery, delivery)).values(), default=None) if known else None
    return Outcome(score=score, qoo=qoo, limited_by=None if score in {None, 100} else least, **scores)


def _by_threshold(bounds: DeliveryBounds | None, delivery: float | None) -> dict[Component, float]:
    """Score the delivery as the draft does; empty without bounds or delivery."""
    if bounds is None or delivery is None:
        return {}
    return {"throughput": component(-delivery, -bounds.cpup, -bounds.cpup)}
