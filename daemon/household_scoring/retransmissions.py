"""Separates the line's round trips from those prolonged by TCP retransmissions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

import msgspec

from household_scoring.validation import require_amount

MIN_OVERTAKING_MS = 10.0
"""Lead of a later answer that reveals a retransmission, which takes at least a round trip, mostly a 200 ms timer."""
MAX_SAME_RETRANSMISSION_MS = 10.0
"""Answers on a connection this close came with one retransmission."""

Fate: TypeAlias = Literal["line", "repaired", "held"]


class ProbePing(msgspec.Struct, frozen=True, array_like=True):
    """In milliseconds."""

    sent_ms: float
    """On a clock common to all pings."""
    round_trip_ms: float

    @property
    def answered_ms(self) -> float:
        return self.sent_ms + self.round_trip_ms


class Fates(msgspec.Struct, frozen=True, rename="camel"):
    """Pings by cause, in order of sending."""

    line: tuple[ProbePing, ...]
    """Delayed by the line only."""
    repaired: tuple[ProbePing, ...]
    """Ping or answer retransmitted by TCP."""
    held: tuple[ProbePing, ...]
    """Held behind the retransmission of an earlier ping."""


def tell_fates(connections: Sequence[Sequence[ProbePing]]) -> Fates:
    """Classify pings that otherwise idle connections sent in turn over one line.

    A queue is first in, first out. A ping answered after a later one on another connection was delayed by its own
    connection, where TCP withholds data until a lost segment is retransmitted.

    Each connection's pings are in order of sending, without unanswered ones. Raise ValueError if a time is negative or
    not finite.
    """
    everything = [(ping, which) for which, pings in enumerate(connections) for ping in pings]
    for ping, _ in everything:
        require_amount(ping.sent_ms, "sent_ms")
        require_amount(ping.round_trip_ms, "round_trip_ms")
    everything.sort(key=lambda each: each[0].sent_ms)
    # Earliest answer to any later ping.
    earliest = accumulate((ping.answered_ms for ping, _ in reversed(everything)), min, initial=math.inf)
    later_answered_ms = reversed([*earliest][:-1])
    fates: dict[Fate, list[ProbePing]] = {"line": [], "repaired": [], "held": []}
    repaired_ms = [-math.inf] * len(connections)
    for (ping, which), later_ms in zip(everything, later_answered_ms, strict=True):
        fate: Fate = "line"
        if ping.answered_ms - repaired_ms[which] < MAX_SAME_RETRANSMISSION_MS:
            fate = "held"
        elif later_ms < ping.answered_ms - MIN_OVERTAKING_MS:
            fate = "repaired"
        if fate != "line":
            repaired_ms[which] = ping.answered_ms
        fates[fate].append(ping)
    return Fates(**{fate: tuple(pings) for fate, pings in fates.items()})
