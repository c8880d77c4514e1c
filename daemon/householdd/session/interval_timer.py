"""Things that are due again and again."""

from __future__ import annotations

import math


class IntervalTimer:
    """Due at ``first`` and then at equal intervals; a turn that was missed is not made up."""

    __slots__ = ("_at",)

    def __init__(self, first: float) -> None:
        self._at = first

    def due(self, now: float, interval: float) -> bool:
        """Whether a turn has come; the next is ``interval`` seconds after this one, or a multiple when late."""
        if now < self._at:
            return False
        self._at += interval * (math.floor((now - self._at) / interval) + 1)
        if self._at <= now:
            # The division was rounded down; without this the same turn would come twice.
            self._at += interval
        return True
