from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.admission.blocks import MAX_BLOCKS, Blocks, TooManyBlocksError
from householdd.clients.addresses import customer, format_network, parse_network


def blocked(*addresses: str, seconds: float = 60.0) -> Blocks:
    blocks = Blocks()
    blocks.add([parse_network(address) for address in addresses], "abuse", seconds, now=0.0)
    return blocks


@pytest.mark.parametrize(
    ("address", "host", "kept_out"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.2.200", True),
        ("192.0.2.0/24", "192.0.3.1", False),
        ("2001:db8:0:7::1", "2001:db8:0:7:ffff::9", True),
        ("2001:db8:0:7::1", "2001:db8:0:ff::1", True),
        ("2001:db8:0:7::1", "2001:db8:0:100::1", False),
        ("2001:db8::/48", "2001:db8:0:9::1", True),
        ("2001:db8::5/128", "2001:db8::5", True),
        ("2001:db8::5/128", "2001:db8::6", False),
        ("fe80::1", "fe80::2%eth0", True),
        ("192.0.2.7", "2001:db8::1", False),
    ],
)
def test_a_block_keeps_out_whom_it_names(address: str, host: str, kept_out: bool) -> None:
    assert (blocked(address).find(host, 1.0) is not None) is kept_out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no address such as 192.0.2.7 or 2001:db8:0:7::/64"),
        ("example.net", "'example.net' is no address such as 192.0.2.7 or 2001:db8:0:7::/64"),
        ("192.0.2.7/24", "'192.0.2.7/24' is no address such as 192.0.2.7 or 2001:db8:0:7::/64"),
        ("0.0.0.0/0", "/0 is out of range; allowed is /16 to /32"),
        ("10.0.0.0/15", "/15 is out of range; allowed is /16 to /32"),
        ("2001::/16", "/16 is out of range; allowed is /32 to /128"),
    ],
)
def test_what_names_no_network_or_too_many_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_network(text)
    assert str(caught.value) == message


@given(st.ip_addresses())
def test_what_is_written_is_read_back(address: object) -> None:
    network = customer(str(address))
    assert parse_network(format_network(network)) == network


def test_one_address_of_ipv6_is_written_with_its_length() -> None:
    assert format_network(parse_network("2001:db8::5/128")) == "2001:db8::5/128"


def test_a_block_ends_with_its_time_and_is_let_go() -> None:
    blocks = blocked("192.0.2.7", seconds=10.0)
    assert blocks.find("192.0.2.7", 9.9) is not None
    assert blocks.find("192.0.2.7", 10.0) is None
    assert blocks.current(10.0) == []


def test_a_second_block_takes_the_place_of_the_first() -> None:
    blocks = blocked("192.0.2.7", seconds=100.0)
    blocks.add([parse_network("192.0.2.7")], "a word with them", 5.0, now=1.0)
    (block,) = blocks.current(1.0)
    assert (block.reason, block.expires_at) == ("a word with them", 6.0)


def test_of_two_blocks_the_longer_one_is_told() -> None:
    blocks = blocked("192.0.2.0/24", seconds=100.0)
    blocks.add([parse_network("192.0.2.7")], "short", 5.0, now=0.0)
    block = blocks.find("192.0.2.7", 1.0)
    assert block is not None
    assert block.expires_at == 100.0


def test_removing_lets_in_again() -> None:
    blocks = blocked("192.0.2.7", "198.51.100.0/24")
    blocks.remove([parse_network("192.0.2.7"), parse_network("203.0.113.1")])
    assert blocks.find("192.0.2.7", 1.0) is None
    assert [format_network(block.network) for block in blocks.current(1.0)] == ["198.51.100.0/24"]


def test_the_wider_blocks_around_an_address_are_found() -> None:
    blocks = blocked(
        "198.51.100.7", "198.51.100.0/24", "198.51.0.0/16", "203.0.113.0/24", "2001:db8::/32", seconds=60.0
    )

    def around(text: str, now: float = 1.0) -> list[str]:
        return [format_network(block.network) for block in blocks.around(parse_network(text), now)]

    assert around("198.51.100.7") == ["198.51.0.0/16", "198.51.100.0/24"]
    assert around("198.51.100.0/24") == ["198.51.0.0/16"]
    assert around("198.51.0.0/16") == []
    assert around("192.0.2.7") == []
    assert around("2001:db8:0:7::/64") == ["2001:db8::/32"]
    assert around("198.51.100.7", 61.0) == []


def test_too_many_are_refused_as_a_whole() -> None:
    blocks = Blocks()
    many = [parse_network(f"10.{index // 256}.{index % 256}.0/24") for index in range(MAX_BLOCKS)]
    blocks.add(many, "flood", 60.0, now=0.0)
    blocks.add(many[:10], "again", 60.0, now=1.0)
    with pytest.raises(TooManyBlocksError, match=r"^2001 addresses would be blocked; at most 2000 are allowed$"):
        blocks.add([parse_network("192.0.2.7"), many[0]], "one more", 60.0, now=2.0)
    assert blocks.find("192.0.2.7", 2.0) is None
    blocks.add([parse_network("192.0.2.7")], "room again", 60.0, now=70.0)
