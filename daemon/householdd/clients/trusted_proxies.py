"""Client address behind trusted proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from householdd.clients.addresses import Network, address_of, unmapped


@dataclass(frozen=True)
class TrustedProxies:
    """Trusted for X-Forwarded-For."""

    networks: Collection[Network] = ()

    def client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Return the client's address; ``forwarded_for`` has the nearest hop last.

        The client is the last hop that is not a trusted proxy, or the last known one; earlier members may be forged.
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
        address = address_of(host)
        return any(address in network for network in self.networks)


_WITH_PORT = re.compile(r"\[(?P<ipv6>[^\]]*)\](:\d{1,5})?|(?P<ipv4>[\d.]+):\d{1,5}", re.ASCII)
"""Some load balancers write a port."""


def _without_port(hop: str) -> str:
    match = _WITH_PORT.fullmatch(hop)
    return hop if match is None else match["ipv6"] or match["ipv4"] or ""
