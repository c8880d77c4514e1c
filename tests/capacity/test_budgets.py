from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.capacity.budgets import Budgets, block_key, customer_key
from householdd.clients.addresses import customer
from householdd.settings.definitions import Limits

MBPS = 1e6


def budgets(**limits: float) -> Budgets:
    """In Mbit/s; what is not given limits nothing."""
    given: dict[str, Any] = {f"{name}_mbps": value for name, value in limits.items()}
    found = Budgets.of(Limits(**given))
    assert found is not None
    return found


def key(host: str) -> int:
    return customer_key(customer(host))


def shares(budget: Budgets, demands: list[tuple[str, float]]) -> list[float]:
    """What each session may take, Mbit/s, of what it wants."""
    rows = [(key(host), mbps * MBPS) for host, mbps in demands]
    ceiling = budget.share(rows)
    return [round(min(demand, ceiling(who, demand)) / MBPS, 6) for who, demand in rows]


HERE, NEXT_DOOR, ELSEWHERE = "192.0.2.7", "192.0.2.8", "198.51.100.1"


def test_only_customers_have_a_budget_by_default() -> None:
    by_default = Budgets.of(Limits())
    assert by_default == Budgets(1e12, 1e12, 2e9, 1e12)
    assert by_default.of_customers_only
    assert not budgets(customer=5, session=1).of_customers_only
    assert Budgets.of(Limits(customer_mbps=1e6)) is None


def test_a_household_is_one_customer_however_many_sessions_it_has() -> None:
    demands = [(HERE, 1000.0), (HERE, 1.5), (HERE, 2.5), (ELSEWHERE, 1000.0)]
    assert shares(budgets(daemon=40), demands) == [16, 1.5, 2.5, 20]


def test_a_customer_has_its_budget_and_each_session_its_own() -> None:
    assert shares(budgets(customer=30), [(HERE, 1000), (HERE, 4), (ELSEWHERE, 1000)]) == [26, 4, 30]
    assert shares(budgets(session=10), [(HERE, 1000), (HERE, 4), (ELSEWHERE, 1000)]) == [10, 4, 10]


def test_what_a_block_may_not_take_is_there_for_others() -> None:
    demands = [(HERE, 1000.0), (NEXT_DOOR, 1000.0), (ELSEWHERE, 9.0)]
    assert shares(budgets(block=10, daemon=17), demands) == [5, 5, 7]


def test_a_session_whose_demand_was_too_low_may_take_what_is_spare() -> None:
    ceiling = budgets(daemon=100, session=80).share([(key(HERE), 50 * MBPS), (key(ELSEWHERE), 20 * MBPS)])
    assert ceiling(key(HERE), 50 * MBPS) == 80 * MBPS
    assert ceiling(key(ELSEWHERE), 20 * MBPS) == 50 * MBPS


@pytest.mark.parametrize(
    ("one", "other", "same_customer", "same_block"),
    [
        ("192.0.2.7", "192.0.2.8", False, True),
        ("192.0.2.7", "192.0.3.7", False, False),
        ("192.0.2.7", "::ffff:192.0.2.7", True, True),
        ("2001:db8:0:1::1", "2001:db8:0:1::2", True, True),
        ("2001:db8:0:1::1", "2001:db8:0:100::1", False, True),
        ("2001:db8:1:1::1", "2001:db8:0:1::1", False, False),
        ("192.0.2.7", "::c000:207", False, False),
    ],
)
def test_keys_stand_for_customers_and_blocks(one: str, other: str, *, same_customer: bool, same_block: bool) -> None:
    assert (key(one) == key(other)) is same_customer
    assert (block_key(key(one)) == block_key(key(other))) is same_block


rates = st.floats(0.01, 2000)


@given(
    st.tuples(rates, rates, rates, rates),
    st.lists(st.tuples(st.sampled_from([HERE, NEXT_DOOR, ELSEWHERE, "2001:db8::1"]), rates), max_size=12),
)
def test_no_budget_is_passed_and_none_is_left_where_it_is_wanted(
    limits: tuple[float, ...], demands: list[tuple[str, float]]
) -> None:
    budget = Budgets(*(limit * MBPS for limit in limits))
    rows = [(key(host), mbps * MBPS) for host, mbps in demands]
    ceiling = budget.share(rows)
    taken = [min(demand, ceiling(who, demand)) for who, demand in rows]
    customers, blocks = defaultdict[int, float](float), defaultdict[int, float](float)
    for (who, _), rate in zip(rows, taken, strict=True):
        customers[who] += rate
        blocks[block_key(who)] += rate
    total, slack = math.fsum(taken), 1 + 1e-6
    assert total <= budget.daemon * slack
    assert all(rate <= budget.block * slack for rate in blocks.values())
    assert all(rate <= budget.customer * slack for rate in customers.values())
    for (who, demand), rate in zip(rows, taken, strict=True):
        # A demand that is not met has reached a budget.
        assert (
            rate >= min(demand, budget.session) / slack
            or customers[who] >= budget.customer / slack
            or blocks[block_key(who)] >= budget.block / slack
            or total >= budget.daemon / slack
        )
