from __future__ import annotations

import pytest

from householdd.clients.addresses import address_block, host_port, split_host_port, unmapped


@pytest.mark.parametrize(
    ("host", "written"), [("192.0.2.7", "192.0.2.7:51234"), ("2001:db8::7", "[2001:db8::7]:51234")]
)
def test_an_address_is_written_with_its_port(host: str, written: str) -> None:
    assert host_port(host, 51234) == written
    assert split_host_port(written) == (host, 51234)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("a-name", "a-name"),
    ],
)
def test_a_block_is_the_network_around_an_address(host: str, network: str) -> None:
    assert address_block(host) == network


@pytest.mark.parametrize(
    ("shown", "spelling"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("a-name", "a-name"),
    ],
)
def test_a_client_has_one_spelling_on_ports_for_ipv4_and_for_both(shown: str, spelling: str) -> None:
    assert unmapped(shown) == spelling
