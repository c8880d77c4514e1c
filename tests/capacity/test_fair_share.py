from __future__ import annotations

import pytest

from householdd.capacity.fair_share import Holding, kept_rows


def holdings(*rows: int, each: float = 1.0) -> list[Holding]:
    """Networks with so many rows, whose newest rows are one later than the other."""
    return [Holding(count, count * each, place) for place, count in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "allowed", "kept"),
    [
        ((), 10, []),
        ((5, 5), 10, [5, 5]),
        # The largest gives first, and no smaller one as long as it has more than they.
        ((1, 1, 1, 1000), 100, [1, 1, 1, 97]),
        ((10, 30, 50), 70, [10, 30, 30]),
        ((10, 30, 50), 60, [10, 25, 25]),
        # What does not divide goes to whose rows are newest.
        ((9, 9, 9), 10, [3, 3, 4]),
        ((1, 1, 1, 1, 1), 3, [0, 0, 1, 1, 1]),
        ((4, 4), 0, [0, 0]),
    ],
)
def test_the_network_with_the_most_gives_first(rows: tuple[int, ...], allowed: int, kept: list[int]) -> None:
    assert kept_rows(holdings(*rows), allowed) == kept


def test_more_networks_than_rows_fit_lose_no_more_than_they_must() -> None:
    kept = kept_rows(holdings(*[1] * 1000, each=14_500.0), 10_000_000)
    assert sum(kept) == 10_000_000 // 14_500


@pytest.mark.parametrize("allowed", range(0, 400, 7))
def test_all_that_is_allowed_is_used_and_no_more(allowed: int) -> None:
    rows = (1, 2, 3, 50, 50, 99, 200)
    kept = kept_rows(holdings(*rows), allowed)
    assert sum(kept) == min(allowed, sum(rows))
    assert all(0 <= one <= most for one, most in zip(kept, rows, strict=True))
