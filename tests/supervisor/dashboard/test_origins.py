"""Requests that other sites make browsers send."""

from __future__ import annotations

import pytest

from householdd.clients.origins import is_same_origin
from householdd.supervisor.hosts import is_known_host

NAMES = {"noc.isp.example"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8445", "192.0.2.7", "[::1]:9", "[2001:db8::7]", "localhost:1", "LOCALHOST", "NOC.isp.example:5"]
)
def test_addresses_and_known_names_are_ours(host: str) -> None:
    assert is_known_host(host, NAMES)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "a b", "localhost, x", ":1"],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_known_host(host, NAMES)


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://127.0.0.1:8445", True),
        ("https://127.0.0.1:8445", True),
        ("http://127.0.0.1:8446", False),
        ("http://localhost:8445", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("file://127.0.0.1:8445", False),
        ("http://127.0.0.1:8445, http://evil.example", False),
    ],
)
def test_only_the_same_host_and_port_are_the_same_origin(origin: str, same: bool) -> None:
    assert is_same_origin(origin, "127.0.0.1:8445") is same
