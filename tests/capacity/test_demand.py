from __future__ import annotations

import pytest

from householdd.capacity.demand import Demand
from tests.session.samples import START


def after(*passes: tuple[int, int], capped: bool = False) -> Demand:
    """After passes of 0.25 s with so many bytes offered and taken."""
    demand, offered, taken = Demand(START), 0, 0
    for index, (more_offered, more_taken) in enumerate(passes, 1):
        offered, taken = offered + more_offered, taken + more_taken
        demand.update(START + index / 4, offered, taken, capped=capped)
    return demand


def test_a_line_that_takes_all_is_not_known() -> None:
    assert after((1000, 1000), (1000, 950)).line_bps is None
    assert Demand(START).line_bps is None


def test_what_a_line_takes_is_its_mean_over_the_last_second() -> None:
    assert after((10_000, 1000), (10_000, 3000)).line_bps == pytest.approx(4000 * 8 / 0.5)
    assert after((10_000, 9000), *[(10_000, 1000)] * 4).line_bps == pytest.approx(1000 * 8 / 0.25)


def test_a_budget_is_the_limit_only_of_a_line_that_would_take_more() -> None:
    assert after((1000, 1000), capped=True).limited_now
    assert not after((1000, 1000), capped=False).limited_now
    assert not after((1000, 500), capped=True).limited_now
    assert not after((1000, 1000), (0, 0), capped=True).limited_now


@pytest.mark.parametrize(
    ("limited", "passes", "verdict"), [(1, 10, False), (2, 10, True), (2, 40, False), (3, 40, True)]
)
def test_a_session_was_limited_where_more_than_one_pass_in_twenty_was(
    limited: int, passes: int, *, verdict: bool
) -> None:
    demand = Demand(START)
    for index in range(1, passes + 1):
        demand.update(START + index / 4, index * 1000, index * 1000, capped=index <= limited)
        # A pass without traffic says nothing.
        demand.update(START + index / 4 + 0.1, index * 1000, index * 1000, capped=True)
    assert demand.limited is verdict
