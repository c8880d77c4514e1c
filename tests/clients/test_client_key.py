from __future__ import annotations

import pytest

from householdd.clients.client_key import ClientKey
from householdd.traffic.profiles import WARM_UP


def test_a_session_counts_for_its_customer_network_run_and_profile() -> None:
    client = ClientKey("192.0.2.7", "alex", "1")
    assert client.keys == [client.address_key, client.network_key, client.run_key, client.member_key]
    assert len(set(client.keys)) == 4


def test_without_a_test_id_only_customer_and_network_are_counted() -> None:
    client = ClientKey("192.0.2.7", "alex")
    assert (client.run_key, client.member_key) == (b"", b"")
    assert client.keys == [client.address_key, client.network_key]


def test_two_customers_may_use_one_test_id() -> None:
    assert ClientKey("192.0.2.7", "alex", "1").run_key != ClientKey("192.0.2.8", "alex", "1").run_key


@pytest.mark.parametrize(("one", "other"), [("192.0.2.7", "192.0.2.200"), ("2001:db8:1:200::1", "2001:db8:1:9900::1")])
def test_neighbours_share_the_network_only(one: str, other: str) -> None:
    clients = ClientKey(one, "alex"), ClientKey(other, "alex")
    assert clients[0].network_key == clients[1].network_key
    assert clients[0].address_key != clients[1].address_key


def test_foreign_sessions_are_counted_for_the_customer_and_for_the_run() -> None:
    client = ClientKey("192.0.2.7", "alex", "1", foreign=True)
    assert client.keys[-2:] == [client.foreign_key, client.foreign_run_key]
    assert ClientKey("192.0.2.7", "jake", "2", foreign=True).foreign_key == client.foreign_key


def test_warm_ups_of_foreign_pages_count_as_one_run() -> None:
    one, other = (ClientKey("192.0.2.7", WARM_UP, foreign=True) for _ in range(2))
    assert one.member_key == other.member_key != b""
    assert one.foreign_key == b""
    assert ClientKey("192.0.2.7", WARM_UP).member_key == b""
