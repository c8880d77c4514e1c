"""How many rows each network may keep of a bounded store, so that the network with the most gives first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Holding:
    """What one network has in one table."""

    rows: int
    cost: float
    """What all its rows together take of the bound: their number, or their bytes."""
    newest: float
    """Unix time of the newest row."""


def kept_rows(holdings: Sequence[Holding], allowed: float) -> list[int]:
    """Return the rows that each holding may keep, so that all together cost at most ``allowed``.

    Max-min fairness: every holding keeps what costs no more than a common level, and those above the level are cut down
    to it. What a whole row no longer fits into goes to the holdings with the newest rows, one row each.
    """
    level = _level([each.cost for each in holdings], allowed)
    if level is None:
        return [each.rows for each in holdings]
    kept = [each.rows if each.cost <= level else int(level / each.cost * each.rows) for each in holdings]
    left = allowed - sum(count * each.cost / each.rows for count, each in zip(kept, holdings, strict=True))
    for index in sorted(range(len(holdings)), key=lambda index: -holdings[index].newest):
        one = holdings[index].cost / holdings[index].rows
        if kept[index] < holdings[index].rows and one <= left:
            kept[index] += 1
            left -= one
    return kept


def _level(costs: Sequence[float], allowed: float) -> float | None:
    """Return the greatest level at which the costs, cut down to it, are at most ``allowed``; None if none is cut."""
    left = allowed
    for place, cost in enumerate(sorted(costs)):
        sharers = len(costs) - place
        if cost * sharers > left:
            return left / sharers
        left -= cost
    return None
