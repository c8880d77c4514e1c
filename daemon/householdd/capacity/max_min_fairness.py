"""Who gets how much of a rate that does not suffice for all: max-min fairness."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """A rate that several share, in any unit. See ``fill``."""

    level: float = math.inf
    """The greatest share that anybody gets: who wants less gets that, everybody else this. Infinite where there is
    enough for all."""
    spare: float = math.inf
    """What nobody wants; 0 where there is not enough."""

    def ceiling(self, demand: float) -> float:
        """What one that wants ``demand`` may take: the level, or where there is enough what it wants and the spare.

        More than the demand, because a demand is an estimate: whoever turns out to want more shall not have to wait.
        """
        return self.level if self.level < math.inf else demand + self.spare


def fill(capacity: float, demands: Collection[float]) -> Pool:
    """Shares ``capacity`` among those who want ``demands``.

    The level is the water level of progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2): no share
    can grow but at the cost of one that is not larger.
    """
    spare = capacity - math.fsum(demands)
    if spare >= 0:
        return Pool(spare=spare)
    left = capacity
    ordered = sorted(demands)
    for index, demand in enumerate(ordered):
        equal = left / (len(ordered) - index)
        if demand > equal:
            return Pool(max(equal, 0.0), 0.0)
        left -= demand
    # Rounding alone said that it does not suffice.
    return Pool(spare=0.0)
