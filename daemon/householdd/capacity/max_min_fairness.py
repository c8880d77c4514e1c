"""Max-min fair division of a scarce resource."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """A divided capacity, in any unit; see ``fill``."""

    level: float = math.inf
    """Greatest share: smaller demands are met, all others get this. Infinite if the capacity suffices."""
    spare: float = math.inf
    """Capacity that is not demanded; 0 if the capacity does not suffice."""

    def ceiling(self, demand: float) -> float:
        """Return what a demand may take: the level, or the demand and the spare capacity.

        More than the demand, which is an estimate: if it was too low, the session need not wait.
        """
        return self.level if self.level < math.inf else demand + self.spare


def fill(capacity: float, demands: Collection[float]) -> Pool:
    """Divide ``capacity`` among ``demands``.

    The level is the water level of progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2): a share
    can only grow at the cost of one that is not larger.
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
    # The capacity did suffice, but for rounding.
    return Pool(spare=0.0)


@dataclass(frozen=True)
class Holding:
    """Rows of one network in one table."""

    rows: int
    cost: float
    """Cost of all rows against the bound: their number, or their bytes."""
    newest: float
    """Unix time of the newest row."""


def kept_rows(holdings: Sequence[Holding], allowed: float) -> list[int]:
    """Return how many rows each holding may keep, so that together they cost at most ``allowed``.

    Max-min fair: the largest holdings are cut to a common level. Capacity that is left goes to the holdings with the
    newest rows, one row each.
    """
    level = fill(allowed, [each.cost for each in holdings]).level
    kept = [each.rows if each.cost <= level else int(level / each.cost * each.rows) for each in holdings]
    left = allowed - sum(count * each.cost / each.rows for count, each in zip(kept, holdings, strict=True))
    for index in sorted(range(len(holdings)), key=lambda index: -holdings[index].newest):
        one = holdings[index].cost / holdings[index].rows
        if kept[index] < holdings[index].rows and one <= left:
            kept[index] += 1
            left -= one
    return kept
