from __future__ import annotations

import ipaddress

import pytest

from household_filters.values import Kind, NumberRange, Prefix, Value, network, overlap, parse

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, "Jake", "jake"),
        (Kind.ID, "8CD2*", Prefix("8cd2")),
        (Kind.ID, "8cd209fa", Prefix("8cd209fa")),
        (Kind.ID, "8cd2", "8cd2"),
        (Kind.NUMBER, "7", NumberRange(7, 7)),
        (Kind.BYTES, "3.1 MB", NumberRange(3_050_000, 3_150_000)),
        (Kind.BYTES, "1KiB", NumberRange(512, 1536)),
        (Kind.RATE, "2 Mbit/s", NumberRange(1_500_000, 2_500_000)),
        (Kind.DURATION, "4m05s", NumberRange(244.5, 245.5)),
        (Kind.DURATION, "500ms", NumberRange(0.4995, 0.5005)),
    ],
)
def test_a_rounded_value_is_a_range(kind: Kind, text: str, value: Value) -> None:
    assert parse(kind, text, exact=False, now=NOW) == value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(Kind.BYTES, "3.1 MB", 3_100_000), (Kind.DURATION, "2d", 172_800), (Kind.TIME, "1h ago", NOW - 3600)],
)
def test_an_exact_value_is_a_number(kind: Kind, text: str, value: float) -> None:
    assert parse(kind, text, exact=True, now=NOW) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.ID, "8c*"),
        (Kind.NUMBER, "many"),
        (Kind.BYTES, "3 apples"),
        (Kind.RATE, "fast"),
        (Kind.DURATION, "1 week"),
        (Kind.TIME, "soon"),
        (Kind.ADDRESS, "example.net"),
        (Kind.ADDRESS, "192.0.2.7:443"),
        (Kind.ADDRESS, "192.0.2.7/24"),
    ],
)
def test_anything_else_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|has a port|has more bits"):
        parse(kind, text, exact=False, now=NOW)


def test_ipv4_mapped_into_ipv6_is_ipv4() -> None:
    assert network("::ffff:192.0.2.7") == ipaddress.ip_network("192.0.2.7")
    assert network("[2001:db8::7]") == ipaddress.ip_network("2001:db8::7")


def test_networks_overlap_within_one_ip_version() -> None:
    assert overlap(network("192.0.2.0/24"), network("192.0.2.7"))
    assert not overlap(network("192.0.2.0/24"), network("192.0.3.7"))
    assert not overlap(network("0.0.0.0/0"), network("::/0"))
