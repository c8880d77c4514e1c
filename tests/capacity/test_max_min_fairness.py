from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.capacity.max_min_fairness import fill


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
            # Who lacks something is at the water level: nobody has more than they.
            assert share >= max(shares) * (1 - 1e-6) - 1e-3
