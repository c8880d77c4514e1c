"""Wrong tokens."""

from __future__ import annotations

from householdd.supervisor.dashboard import login_limits
from householdd.supervisor.dashboard.login_limits import FORGET_AFTER_S, LAST_DELAY, MAX_ADDRESSES, LoginFailures


def test_answers_to_wrong_tokens_come_later_each_time() -> None:
    now = 100.0
    failures = LoginFailures(lambda: now)
    assert [failures.delay("192.0.2.7") for _ in range(7)] == [1, 2, 4, 8, 16, 16, 16]
    assert failures.delay("192.0.2.8") == 1
    for _ in range(3000):
        assert failures.delay("192.0.2.7") == LAST_DELAY
    now += FORGET_AFTER_S + 1
    assert failures.delay("192.0.2.7") == 1


def test_an_ipv6_customer_is_one_address() -> None:
    failures = LoginFailures(lambda: 0.0)
    assert [failures.delay(f"2001:db8:0:7::{each}") for each in (1, 2, 3)] == [1, 2, 4]
    assert failures.delay("2001:db8:0:100::1") == 1


def test_no_more_addresses_are_remembered_than_fit() -> None:
    failures = LoginFailures(lambda: 0.0)
    for each in range(MAX_ADDRESSES + 1):
        failures.delay(f"10.1.{each // 250}.{each % 250}")
    assert len(failures._seen) == MAX_ADDRESSES
    assert failures.delay("10.1.0.0") == login_limits.FIRST_DELAY
    assert failures.delay("10.1.0.9") > login_limits.FIRST_DELAY
