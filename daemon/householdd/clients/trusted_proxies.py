"""Whose address a connection stands for where proxies pass it on."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from householdd.clients.addresses import Network, address_of, unmapped


@dataclass(frozen=True)
class TrustedProxies:
    """Proxies that are believed when they say whom they pass on."""

    networks: Collection[Network] = ()

    def client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The client's address; ``forwarded_for`` has the members of X-Forwarded-For, the nearest hop last.

        A proxy adds whom it was asked by at the end. So the client is the last hop that is no trusted proxy; what is
        written before it anybody may have written. Where the list ends, or has something else than an address, the
        client is the nearest hop that is known.
        """
        client = peer
        for hop in reversed(forwarded_for):
            if not self.trusts(client):
                break
            try:
                client = str(ipaddress.ip_address(_without_port(hop)))
            except ValueError:
                break
        return unmapped(client)

    def trusts(self, host: str) -> bool:
        """Whether an address is that of such a proxy."""
        address = address_of(host)
        return any(address in network for network in self.networks)


_WITH_PORT = re.compile(r"\[(?P<ipv6>[^\]]*)\](:\d{1,5})?|(?P<ipv4>[\d.]+):\d{1,5}", re.ASCII)
"""How some load balancers write the address of a connection."""


def _without_port(hop: str) -> str:
    match = _WITH_PORT.fullmatch(hop)
    return hop if match is None else match["ipv6"] or match["ipv4"] or ""
