from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.capacity.max_min_fairness import Holding, fill, kept_rows


def test_everybody_gets_what_they_want_where_there_is_enough_and_may_take_what_is_spare() -> None:
    pool = fill(100, [10, 20, 60])
    assert (pool.level, pool.spare) == (math.inf, 10)
    assert pool.ceiling(20) == 30


def test_who_wants_little_gets_it_and_the_rest_is_shared_alike() -> None:
    pool = fill(100, [10, 60, 70])
    assert (pool.level, pool.spare) == (45, 0)
    assert [pool.ceiling(demand) for demand in (10, 60, 70)] == [45, 45, 45]


def test_nothing_to_share_and_nobody_to_share_it() -> None:
    assert fill(0, [10]).ceiling(10) == 0
    assert fill(10, []).ceiling(3) == 13


@given(st.floats(0, 1e10), st.lists(st.floats(0, 1e10), max_size=8))
def test_shares_are_max_min_fair(capacity: float, demands: list[float]) -> None:
    pool = fill(capacity, demands)
    shares = [min(demand, pool.ceiling(demand)) for demand in demands]
    assert sum(shares) == pytest.approx(min(capacity, sum(demands)), rel=1e-6, abs=1e-3)
    for share, demand in zip(shares, demands, strict=True):
        if share < demand * (1 - 1e-6) - 1e-3:
            # A demand that is not met has the greatest share.
            assert share >= max(shares) * (1 - 1e-6) - 1e-3


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
