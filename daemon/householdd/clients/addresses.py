"""Addresses, in writing and as what is blocked or counted."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MIN_LENGTH = {4: 16, 6: 32}
"""Shortest prefix that can be named, by IP version: a slip must not name half the Internet."""
BLOCK_BITS = {4: 24, 6: 48}
"""Prefix length of a block, by IP version: what an ISP gives a street, or a customer's whole site."""

SHORTEST_CUSTOMER, LONGEST_CUSTOMER = BLOCK_BITS[6], 64
"""Prefix lengths that may stand for an IPv6 customer: at most a block, at least one subnet (RFC 7421)."""


@dataclass
class CustomerSize:
    """How much of the IPv6 Internet one customer has. It is one value for a process, like its locale."""

    ipv6_prefix: int = 56
    """Prefix length. Access providers delegate a /56 or more (RIPE-690), and the customer uses all of it."""


customer_size = CustomerSize()
"""Size in force. Set at the start of a process, before the first address is counted, and never changed after it."""


def host_port(host: str, port: int) -> str:
    """``192.0.2.7:51234`` or ``[2001:db8::7]:51234``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def customer(host: str) -> Network:
    """Return the network that stands for the customer at ``host``: an IPv4 address or the IPv6 customer prefix."""
    address = address_of(host)
    if isinstance(address, ipaddress.IPv6Address):
        return ipaddress.IPv6Network((address, customer_size.ipv6_prefix), strict=False)
    return ipaddress.IPv4Network(address)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that a socket shows, without a zone. Raises ValueError for what is none.

    An IPv4 address mapped into IPv6, as a socket for both shows it, is the IPv4 address.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def unmapped(host: str) -> str:
    """Return the one spelling of a client's address: IPv4 where a socket for both shows IPv4 mapped into IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return host if mapped is None else str(mapped)


def covers(network: Network, other: Network) -> bool:
    """Whether all of ``other`` is in ``network``; never of another IP version."""
    return network.version == other.version and other.subnet_of(network)  # type: ignore[arg-type]  # one version


def parse_network(text: str) -> Network:
    """Read a network as an operator writes it; an IPv6 address without a length is its customer. Raises ValueError."""
    try:
        if "/" not in text:
            return customer(text)
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text[:64]!r} is no address such as 192.0.2.7 or 2001:db8:0:7::/64") from None
    least = MIN_LENGTH[network.version]
    if network.prefixlen < least:
        raise ValueError(f"/{network.prefixlen} is out of range; allowed is /{least} to /{network.max_prefixlen}")
    return network


def written(network: Network) -> str:
    """The network; without its length where it is one IPv4 address. ``parse_network`` reads it back."""
    single = network.version == 4 and network.prefixlen == network.max_prefixlen
    return str(network.network_address if single else network)


def host_of(text: str) -> str:
    """Return the host of what ``host_port`` wrote; empty text has an empty one."""
    return text.rpartition(":")[0].strip("[]")


def split_host_port(text: str) -> tuple[str, int]:
    """The two parts of what ``host_port`` wrote."""
    return host_of(text), int(text.rpartition(":")[2])


def block(host: str) -> str:
    """The network around a client's address: its IPv4 /24 or IPv6 /48, such as ``192.0.2.0/24``.

    An IPv4 address mapped into IPv6 is the IPv4 address. What is no address, such as a name, stands for itself.
    """
    try:
        network = customer(host)
    except ValueError:
        return host
    return str(network.supernet(new_prefix=BLOCK_BITS[network.version]))


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return host_port(self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it; not assumed of a name other than localhost."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(value: object) -> Address:
    """Reads ``HOST:PORT``, IPv6 hosts in brackets; port 0 takes a free one."""
    if isinstance(value, Address):
        return value
    host, colon, port = str(value).rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not (colon and host and port.isdecimal() and int(port) <= 65535):
        raise ValueError("write HOST:PORT, such as 0.0.0.0:443 or [::]:443")
    return Address(host, int(port))


def parse_optional_address(value: object) -> Address | None:
    """The same; nothing stands for nowhere."""
    return None if value is None or value == "" else parse_address(value)
