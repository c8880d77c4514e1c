from __future__ import annotations

import ipaddress

import pytest

from householdd.clients.trusted_proxies import TrustedProxies

TRUSTED = TrustedProxies((ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7", "10.1.2.3"], "192.0.2.7"),
        ("::ffff:127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("::ffff:192.0.2.9", [], "192.0.2.9"),
        # What a client writes itself stands before what the proxy adds.
        ("127.0.0.1", ["203.0.113.1", "192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["10.9.9.9", "192.0.2.7"], "192.0.2.7"),
        # Whoever is no proxy of ours is not believed.
        ("192.0.2.9", ["203.0.113.1"], "192.0.2.9"),
        ("192.0.2.9", ["127.0.0.1"], "192.0.2.9"),
        ("fe80::1%eth0", ["203.0.113.1"], "fe80::1%eth0"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1", "unknown", "10.1.2.3"], "10.1.2.3"),
        # Some load balancers add the port, and then brackets to IPv6.
        ("127.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("127.0.0.1", ["[::ffff:192.0.2.7]:4711"], "192.0.2.7"),
        ("127.0.0.1", ["203.0.113.1:1", "10.1.2.3:2"], "203.0.113.1"),
        ("127.0.0.1", ["192.0.2.7:"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7:471100"], "127.0.0.1"),
        ("127.0.0.1", ["[2001:db8::7"], "127.0.0.1"),
        ("127.0.0.1", ["[]:4711"], "127.0.0.1"),
        ("127.0.0.1", ["name:4711"], "127.0.0.1"),
        ("127.0.0.1", ["10.1.1.1", "10.1.1.2"], "10.1.1.1"),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_trusted(peer: str, forwarded_for: list[str], client: str) -> None:
    assert TRUSTED.client(peer, forwarded_for) == client


def test_nobody_is_believed_by_default() -> None:
    assert TrustedProxies().client("127.0.0.1", ["192.0.2.7"]) == "127.0.0.1"
