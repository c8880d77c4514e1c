"""Everything that counts by customer counts by one definition: the IPv4 address, or the IPv6 prefix of the setting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from householdd.admission.admission import Admission, Cause
from householdd.admission.blocks import Blocks
from householdd.admission.breakers import Breakers
from householdd.admission.pending_handshakes import PendingHandshakes
from householdd.api.block_list import networks_in
from householdd.capacity.budgets import Budgets, customer_key
from householdd.clients.addresses import customer, customer_size
from householdd.clients.client_key import ClientKey
from householdd.session.close_reason import CloseReason
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters, size
from householdd.supervisor.dashboard.login_limits import LoginFailures

HOME = "2001:db8:1:200::1"

LIMITS = Limits(
    max_sessions_per_address=1,
    max_unfinished_handshakes_per_address=1,
    breaker_failures=1,
    handshakes_per_second_per_address=1,
    requests_per_second_per_address=1,
)


def counts() -> SharedCounters:
    return SharedCounters(memoryview(bytearray(size(1))), 0)


def admitted(first: ClientKey) -> Admission:
    admission = Admission(counts())
    admission.limits = LIMITS
    admission.admit(first, 0.0)
    admission.opened(first, 0.0)
    return admission


def is_full(host: str) -> bool:
    denial = admitted(ClientKey(HOME, "alex")).denies(ClientKey(host, "jake"), 60.0)
    return denial is not None and denial.cause is Cause.ADDRESS_FULL


def is_too_fast(host: str) -> bool:
    admission = Admission(counts())
    admission.limits = LIMITS
    for _ in range(10):
        admission.admit(ClientKey(HOME, "alex"), 0.0)
    denial = admission.denies(ClientKey(host, "alex"), 0.0)
    return denial is not None and denial.cause is Cause.ADDRESS_RATE


def requests_too_much(host: str) -> bool:
    admission = Admission(counts())
    admission.limits = LIMITS
    for _ in range(10):
        admission.denies_request(HOME, 0.0)
    return admission.denies_request(host, 0.0) is not None


def is_unfinished(host: str) -> bool:
    unfinished: PendingHandshakes[str] = PendingHandshakes(counts())
    unfinished.enter("first", HOME, LIMITS)
    return unfinished.enter("second", host, LIMITS) is not None


def is_broken(host: str) -> bool:
    admission = admitted(ClientKey(HOME, "alex"))
    admission.ended(ClientKey(HOME, "alex"), CloseReason.PROTOCOL_ERROR, 0.0)
    return admission.denies(ClientKey(host, "jake"), 0.0) is not None


def is_refused_before_tls(host: str) -> bool:
    breakers = Breakers(counts())
    for _ in range(256):
        breakers.handshake_ended(HOME, 0.0, LIMITS, failed=True)
    return breakers.refuses_connections(host, 0.0)


def is_blocked(host: str) -> bool:
    blocks = Blocks()
    blocks.add(networks_in([HOME]), "abuse", 60.0, 0.0)
    return blocks.find(host, 1.0) is not None


def is_in_the_budget(host: str) -> bool:
    budgets = Budgets(1e9, 1e9, 10e6, 1e9)
    keys = [customer_key(customer(each)) for each in (HOME, host)]
    return budgets.share((key, 10e6) for key in keys)(keys[1], 10e6) < 10e6


COUNTED: list[Callable[[str], bool]] = [
    is_full,
    is_too_fast,
    requests_too_much,
    is_unfinished,
    is_broken,
    is_refused_before_tls,
    is_blocked,
    is_in_the_budget,
]


@pytest.fixture(params=[48, 52, 56, 60, 64])
def prefix(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(customer_size, "ipv6_prefix", request.param)
    return int(request.param)


@pytest.mark.parametrize("counted", COUNTED)
def test_a_customer_is_the_configured_prefix_wherever_one_is_counted(
    counted: Callable[[str], bool], prefix: int
) -> None:
    hosts = {64: "2001:db8:1:200:9::9", 60: "2001:db8:1:20f::1", 56: "2001:db8:1:2ff::1", 52: "2001:db8:1:fff::1"}
    inside = {length: counted(host) for length, host in hosts.items()}
    assert inside == {length: prefix <= length for length in hosts}
    assert counted("2001:db8:1:ffff::1") is (prefix == 48)
    assert not counted("2001:db8:2:200::1")


def test_wrong_dashboard_tokens_are_counted_by_the_same_prefix(prefix: int) -> None:
    failures = LoginFailures(lambda: 0.0)
    failures.delay(HOME)
    assert failures.delay("2001:db8:1:2ff::1") == (2.0 if prefix <= 56 else 1.0)


def test_a_customer_that_is_a_whole_block_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_size, "ipv6_prefix", 48)
    numbers = counts()
    numbers.opened(ClientKey(HOME, "alex").keys)
    assert numbers.count(ClientKey(HOME, "alex").address_key) == 1
    assert numbers.count(ClientKey(HOME, "alex").network_key) == 1


def test_a_customer_has_a_56_unless_configured() -> None:
    assert str(customer(HOME)) == "2001:db8:1:200::/56"
