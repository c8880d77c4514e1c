"""Description of a line, and how its parts are made from it. Rates are in bit/s, times in seconds, sizes in bytes."""

from __future__ import annotations

from random import Random
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from tests.link_emulator.codel import CoDel
from tests.link_emulator.deficit_round_robin import DeficitRoundRobin
from tests.link_emulator.direction import Direction
from tests.link_emulator.discipline import Discipline
from tests.link_emulator.fq_codel import FqCoDel
from tests.link_emulator.jitter import Jitter, MediumJitter, NoJitter
from tests.link_emulator.loss import GilbertElliott, Loss, NoLoss, RandomLoss
from tests.link_emulator.lte_trace import lte_trace
from tests.link_emulator.rate import ConstantRate, Rate, RateTrace
from tests.link_emulator.tail_drop import TailDrop

Probability = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Queue(_Part, frozen=True):
    limit: Annotated[int, Meta(gt=0)]
    """Bytes that may wait; for ``drr`` in each flow's queue."""


class TailDropSpec(_Queue, frozen=True, tag_field="discipline", tag="tail_drop"):
    pass


class CoDelSpec(_Queue, frozen=True, tag_field="discipline", tag="codel"):
    pass


class FqCoDelSpec(_Queue, frozen=True, tag_field="discipline", tag="fq_codel"):
    pass


class DeficitRoundRobinSpec(_Queue, frozen=True, tag_field="discipline", tag="drr"):
    pass


class ConstantRateSpec(_Part, frozen=True, tag_field="model", tag="constant"):
    bits_s: Positive


class TraceSpec(_Part, frozen=True, tag_field="model", tag="trace"):
    steps: list[tuple[float, float]]
    """Pairs of seconds and bit/s; the trace repeats."""


class LteSpec(_Part, frozen=True, tag_field="model", tag="lte"):
    mean_bits_s: Positive
    seconds: Positive = 60.0
    """Length of the trace, which repeats."""
    seed: int = 0


class RandomLossSpec(_Part, frozen=True, tag_field="model", tag="random"):
    share: Probability


class BurstLossSpec(_Part, frozen=True, tag_field="model", tag="gilbert_elliott"):
    """See :class:`GilbertElliott`."""

    bad: Probability
    good: Probability
    lost_good: Probability = 0.0
    lost_bad: Probability = 1.0


class JitterSpec(_Part, frozen=True):
    """See :class:`MediumJitter`."""

    access: Positive
    free: Positive
    busy: Positive


class DirectionSpec(_Part, frozen=True):
    rate: ConstantRateSpec | TraceSpec | LteSpec
    queue: TailDropSpec | CoDelSpec | FqCoDelSpec | DeficitRoundRobinSpec
    delay: Annotated[float, Meta(ge=0)] = 0.0
    jitter: JitterSpec | None = None
    loss: RandomLossSpec | BurstLossSpec | None = None
    seed: int = 0
    """Of losses and jitter."""


class LineSpec(_Part, frozen=True):
    down: DirectionSpec
    up: DirectionSpec


def make_direction(spec: DirectionSpec) -> Direction:
    """Make an empty direction. Raises ValueError for an impossible trace."""
    loss_random, jitter_random = Random(f"loss {spec.seed}"), Random(f"jitter {spec.seed}")
    return Direction(
        _discipline(spec), make_rate(spec), _loss(spec, loss_random), spec.delay, _jitter(spec, jitter_random)
    )


def make_rate(spec: DirectionSpec) -> Rate:
    """Make the rate's model. Raises ValueError for an impossible trace."""
    match spec.rate:
        case ConstantRateSpec(bits_s):
            return ConstantRate(bits_s)
        case TraceSpec(steps):
            return RateTrace(steps)
        case LteSpec(mean_bits_s, seconds, seed):
            return RateTrace(lte_trace(mean_bits_s, seconds, seed))
        case _:
            assert_never(spec.rate)


def _discipline(spec: DirectionSpec) -> Discipline:
    match spec.queue:
        case TailDropSpec(limit):
            return TailDrop(limit)
        case CoDelSpec(limit):
            return CoDel(limit)
        case FqCoDelSpec(limit):
            return FqCoDel(limit)
        case DeficitRoundRobinSpec(limit):
            return DeficitRoundRobin(limit)
        case _:
            assert_never(spec.queue)


def _loss(spec: DirectionSpec, random: Random) -> Loss:
    match spec.loss:
        case None:
            return NoLoss()
        case RandomLossSpec(share):
            return RandomLoss(share, random)
        case BurstLossSpec(bad, good, lost_good, lost_bad):
            return GilbertElliott(bad, good, lost_good, lost_bad, random)
        case _:
            assert_never(spec.loss)


def _jitter(spec: DirectionSpec, random: Random) -> Jitter:
    if spec.jitter is None:
        return NoJitter()
    return MediumJitter(spec.jitter.access, spec.jitter.free, spec.jitter.busy, random)
