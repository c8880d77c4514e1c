"""When pings are due, and which of them are unanswered: an answer counts only for a ping that was sent."""

from __future__ import annotations

import math
from typing import Generic, TypeVar

MAX_PINGS = 128
"""Greatest number of unanswered pings that are remembered: a minute at two a second."""

Key = TypeVar("Key", int, bytes, float)


class IntervalTimer:
    """Due at ``first`` and then at equal intervals; a missed turn is not made up."""

    __slots__ = ("_at",)

    def __init__(self, first: float) -> None:
        self._at = first

    def due(self, now: float, interval: float) -> bool:
        """Return whether a turn has come; the next is ``interval`` seconds later, or a multiple of that when late."""
        if now < self._at:
            return False
        self._at += interval * (math.floor((now - self._at) / interval) + 1)
        if self._at <= now:
            # The division was rounded down; without this the same turn would come twice.
            self._at += interval
        return True


class Pings(Generic[Key]):
    """Unanswered pings, oldest first."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: dict[Key, float] = {}

    def sent(self, key: Key, now: float) -> None:
        """Remember a ping; forget the oldest beyond ``MAX_PINGS``."""
        self._sent[key] = now
        if len(self._sent) > MAX_PINGS:
            del self._sent[next(iter(self._sent))]

    def answered(self, key: Key, now: float) -> float | None:
        """Return the seconds since the ping ``key`` and forget it; None if there is no such ping."""
        sent = self._sent.pop(key, None)
        return None if sent is None else now - sent
