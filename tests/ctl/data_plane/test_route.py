"""The kernel's answers, and what is made of them."""

from __future__ import annotations

import errno
import socket
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdctl.data_plane.route import Address, Route, parse_route, request, route_to

if TYPE_CHECKING:
    from collections.abc import Callable

UNICAST, LOCAL = 1, 2
OIF, GATEWAY, METRICS, TABLE, VIA = 4, 5, 8, 15, 18


def attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=LHHLL", 16 + len(body), kind, 0, 1, 4711) + body


def route(route_type: int, *attributes: bytes) -> bytes:
    header = struct.pack("=BBBBBBBBL", socket.AF_INET, 32, 0, 0, 254, 0, 0, route_type, 0x200)
    return message(24, header + b"".join(attributes))


INTERFACE = attribute(OIF, struct.pack("=L", 3))
ROUTER = IPv4Address("192.0.2.1")
LINK_LOCAL = IPv6Address("fe80::1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (route(UNICAST, INTERFACE, attribute(GATEWAY, ROUTER.packed)), Route(False, ROUTER, 3)),
        (route(UNICAST, attribute(GATEWAY, LINK_LOCAL.packed), INTERFACE), Route(False, LINK_LOCAL, 3)),
        (
            route(UNICAST, attribute(VIA, struct.pack("=H", socket.AF_INET6) + LINK_LOCAL.packed), INTERFACE),
            Route(False, LINK_LOCAL, 3),
        ),
        (route(UNICAST, INTERFACE), Route(False, None, 3)),
        (route(LOCAL, INTERFACE), Route(True, None, 3)),
        (route(UNICAST), Route(False, None, 0)),
        (route(UNICAST, attribute(METRICS, bytes(5)), attribute(TABLE, bytes(4)), INTERFACE), Route(False, None, 3)),
        # What follows belongs to another message.
        (route(UNICAST, INTERFACE) + attribute(GATEWAY, ROUTER.packed), Route(False, None, 3)),
    ],
    ids=["gateway", "ipv6", "ipv6-for-ipv4", "link", "local", "bare", "padded", "followed"],
)
def test_the_kernels_answer(answer: bytes, expected: Route) -> None:
    assert parse_route(answer) == expected


def test_the_kernels_refusal_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="no route") as refused:
        parse_route(message(2, struct.pack("=l", -errno.ENETUNREACH)))
    assert refused.value.errno == errno.ENETUNREACH


WHOLE = route(UNICAST, attribute(GATEWAY, ROUTER.packed), INTERFACE)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        WHOLE[:-1],
        message(3, b""),
        message(2, b""),
        message(24, b""),
        route(UNICAST, struct.pack("=HH", 3, OIF)),
        route(UNICAST, attribute(OIF, b"\1")),
        route(UNICAST, attribute(GATEWAY, b"\1\2\3"), INTERFACE),
    ],
    ids=["nothing", "cut", "end", "empty-error", "empty-route", "short-attribute", "short-number", "odd-address"],
)
def test_what_is_no_route(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"netlink|[Aa]ddress|octets|3 bytes"):
        parse_route(answer)


def _cut(whole: bytes) -> st.SearchStrategy[bytes]:
    return st.tuples(st.integers(0, len(whole) - 1), st.binary(max_size=40)).map(lambda at: whole[: at[0]] + at[1])


@given(st.one_of(st.binary(max_size=80), _cut(WHOLE)))
def test_no_other_error_comes_of_any_bytes(answer: bytes) -> None:
    try:
        parse_route(answer)
    except (OSError, ValueError):
        return


@pytest.mark.parametrize("address", ["192.0.2.9", "2001:db8::9"])
def test_a_request_holds_both_addresses_and_its_length(address: str) -> None:
    destination: Address = ip_address(address)
    source: Address = destination + 1
    asked = request(destination, source)
    assert struct.unpack_from("=LH", asked) == (len(asked), 26)
    assert asked[28:].count(destination.packed) == asked[28:].count(source.packed) == 1


@pytest.mark.parametrize("local", ["127.0.0.1", "::1"])
def test_this_machines_kernel_knows_its_own_addresses(local: str, has_address: Callable[[str], bool]) -> None:
    if not has_address(local):
        pytest.skip(f"{local} is not an address of this machine")
    assert route_to(ip_address(local), ip_address(local)).is_local
