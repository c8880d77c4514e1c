"""Max-min fair division of a scarce resource."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """Divided capacity, in any unit."""

    level: float = math.inf
    """Greatest share; infinite if the capacity suffices."""
    spare: float = math.inf

    def ceiling(self, demand: float) -> float:
        """Return what a demand may take, including spare capacity: demands are estimates."""
        return self.level if self.level < math.inf else demand + self.spare


def fill(capacity: float, demands: Collection[float]) -> Pool:
    """Divide ``capacity`` by progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2)."""
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
    """Number or bytes of all rows."""
    newest: float
    """Unix time."""


def kept_rows(holdings: Sequence[Holding], allowed: float) -> list[int]:
    """Return how many rows each holding may keep, at a total cost of at most ``allowed``.

    The largest holdings are cut to a common level; the rest goes to the newest, one row each.
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
