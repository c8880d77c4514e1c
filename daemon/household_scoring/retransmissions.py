"""Round trips of the line, told from those that TCP made by repairing a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

import msgspec

from household_scoring.validation import require_amount

OVERTAKEN_MS = 10.0
"""By how much earlier the answer to a later ping has to come. Less is two event loops at work; a repair takes a round
trip at least, and mostly the 200 ms of a retransmission timer."""
TOGETHER_MS = 10.0
"""Answers on one connection that are nearer than this came with the same repair."""

Fate: TypeAlias = Literal["line", "repaired", "held"]


class ProbePing(msgspec.Struct, frozen=True, array_like=True):
    """A ping that was answered; milliseconds."""

    sent_ms: float
    """By any clock that is the same for all."""
    round_trip_ms: float

    @property
    def answered_ms(self) -> float:
        """When the answer came, by the same clock."""
        return self.sent_ms + self.round_trip_ms


class Fates(msgspec.Struct, frozen=True, rename="camel"):
    """Pings by what became of them, each list in the order of sending."""

    line: tuple[ProbePing, ...]
    """Took as long as the line did."""
    repaired: tuple[ProbePing, ...]
    """Was lost, or its answer was, and TCP sent it again."""
    held: tuple[ProbePing, ...]
    """Waited in its own connection for the repair of one before it."""


def tell_fates(connections: Sequence[Sequence[ProbePing]]) -> Fates:
    """Tells what became of the pings that several connections, which carry nothing else, sent in turn over one line.

    A queue lets nothing overtake. So a ping that is answered after another one, which was sent later on another
    connection, was not held up by the line, but in its own connection, where TCP hands out nothing before what was lost
    ahead of it has come again. Its round trip says how TCP repairs, and not how long the queue is.

    Each connection's pings are in the order of sending, in which TCP brings the answers as well. Pings without an
    answer are not among them. Raises ValueError for a time that is negative or not finite.
    """
    everything = [(ping, which) for which, pings in enumerate(connections) for ping in pings]
    for ping, _ in everything:
        require_amount(ping.sent_ms, "sent_ms")
        require_amount(ping.round_trip_ms, "round_trip_ms")
    everything.sort(key=lambda each: each[0].sent_ms)
    # The earliest answer to any ping that was sent later, for each from the last to the first.
    earliest = accumulate((ping.answered_ms for ping, _ in reversed(everything)), min, initial=math.inf)
    later_answered_ms = reversed([*earliest][:-1])
    fates: dict[Fate, list[ProbePing]] = {"line": [], "repaired": [], "held": []}
    repaired_ms = [-math.inf] * len(connections)
    for (ping, which), later_ms in zip(everything, later_answered_ms, strict=True):
        fate: Fate = "line"
        if ping.answered_ms - repaired_ms[which] < TOGETHER_MS:
            fate = "held"
        elif later_ms < ping.answered_ms - OVERTAKEN_MS:
            fate = "repaired"
        if fate != "line":
            repaired_ms[which] = ping.answered_ms
        fates[fate].append(ping)
    return Fates(**{fate: tuple(pings) for fate, pings in fates.items()})
