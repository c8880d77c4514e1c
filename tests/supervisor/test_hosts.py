from __future__ import annotations

import pytest

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
