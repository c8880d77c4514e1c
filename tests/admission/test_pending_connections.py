"""Connections that have not proven who they are: which one goes when they are too many."""

from __future__ import annotations

import pytest

from householdd.admission.pending_connections import (
    KNOWN_ADDRESS_TTL_S,
    MAX_KNOWN_ADDRESSES,
    KnownAddresses,
    PendingConnections,
)


def filled(*hosts: str, most: int = 4, kept: int = 2) -> PendingConnections[str]:
    """Connections named by their host and number, all of which fit."""
    pending = PendingConnections[str](most, kept)
    for number, host in enumerate(hosts):
        assert pending.enter(f"{host} {number}", host) is None
    return pending


def test_none_goes_while_there_is_room() -> None:
    assert len(filled(*["192.0.2.1"] * 4)) == 4


def test_the_oldest_of_the_address_that_has_most_goes() -> None:
    pending = filled("192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3")
    assert pending.enter("new", "198.51.100.1") == "192.0.2.2 1"
    assert len(pending) == 4


def test_a_network_counts_before_an_address() -> None:
    pending = filled("192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1")
    assert pending.enter("new", "198.51.100.1") == "192.0.2.1 0"


def test_the_newcomer_counts_for_its_own_address() -> None:
    pending = filled("192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.114.1")
    assert pending.enter("new", "203.0.114.1") == "203.0.114.1 3"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_newcomer_is_let_in_from_the_address_of_all_others_as_well(host: str) -> None:
    pending = filled(*[host] * 4)
    assert pending.enter("new", host) == f"{host} 0"


def test_those_that_said_nothing_go_first() -> None:
    pending = filled("192.0.2.1", "192.0.2.1", "192.0.2.1", "198.51.100.1")
    for number in range(3):
        pending.spoke(f"192.0.2.1 {number}")
    assert pending.enter("new", "203.0.113.1") == "198.51.100.1 3"
    assert pending.enter("newer", "203.0.114.1") == "new"


def test_of_those_that_spoke_one_goes_when_all_did() -> None:
    pending = filled(*["192.0.2.1"] * 4)
    for number in range(4):
        pending.spoke(f"192.0.2.1 {number}")
    assert pending.enter("new", "198.51.100.1") == "192.0.2.1 0"


def test_known_addresses_stay_while_there_are_others() -> None:
    pending = PendingConnections[str](3, 2)
    pending.enter("operator", "192.0.2.1", known=True)
    pending.enter("colleague", "192.0.2.1", known=True)
    pending.enter("a", "198.51.100.1")
    assert pending.enter("b", "198.51.100.1") == "a"
    assert pending.enter("c", "203.0.113.1") == "b"


def test_more_of_them_than_are_kept_are_as_others() -> None:
    pending = PendingConnections[str](3, 2)
    for name in ("one", "two", "three"):
        pending.enter(name, "192.0.2.1", known=True)
    assert pending.enter("new", "198.51.100.1") == "one"


def test_a_stranger_goes_where_all_others_are_known() -> None:
    pending = PendingConnections[str](2, 2)
    pending.enter("one", "192.0.2.1", known=True)
    pending.enter("two", "192.0.2.2", known=True)
    assert pending.enter("new", "198.51.100.1") == "new"
    assert len(pending) == 2


def test_one_that_left_makes_room_and_may_leave_again() -> None:
    pending = filled(*["192.0.2.1"] * 4)
    pending.leave("192.0.2.1 2")
    pending.leave("192.0.2.1 2")
    pending.spoke("192.0.2.1 2")
    assert pending.enter("new", "192.0.2.1") is None


def test_addresses_are_known_for_a_day() -> None:
    now = 0.0
    known = KnownAddresses(lambda: now)
    known.add("192.0.2.1")
    assert "192.0.2.1" in known
    assert "192.0.2.2" not in known
    now = KNOWN_ADDRESS_TTL_S + 1
    assert "192.0.2.1" not in known


def test_the_address_seen_longest_ago_is_forgotten_first() -> None:
    known = KnownAddresses(lambda: 0.0)
    known.add("192.0.2.1")
    known.add("192.0.2.2")
    known.add("192.0.2.1")
    for number in range(MAX_KNOWN_ADDRESSES - 1):
        known.add(f"10.0.{number // 256}.{number % 256}")
    assert "192.0.2.1" in known
    assert "192.0.2.2" not in known
