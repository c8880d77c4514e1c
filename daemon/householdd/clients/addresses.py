"""Addresses and networks: of customers, of blocks, and to listen on."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MIN_PREFIX_LENGTH = {4: 16, 6: 32}
"""Shortest prefix by IP version; a typo must not name half the Internet."""
BLOCK_PREFIX_LENGTH = {4: 24, 6: 48}
"""Prefix length by IP version: what an ISP assigns to a street, or to a customer's whole site."""

MIN_CUSTOMER_PREFIX, MAX_CUSTOMER_PREFIX = BLOCK_PREFIX_LENGTH[6], 64
"""Prefix lengths of an IPv6 customer, up to one subnet (RFC 7421)."""


@dataclass
class CustomerSize:
    """Size of a customer's network."""

    ipv6_prefix: int = 56
    """Access providers delegate a /56 or shorter (RIPE-690)."""


customer_size = CustomerSize()
"""Set before the first address is counted, then constant."""


def host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def customer(host: str) -> Network:
    """Return an IPv4 address or the IPv6 customer prefix."""
    address = address_of(host)
    if isinstance(address, ipaddress.IPv6Address):
        return ipaddress.IPv6Network((address, customer_size.ipv6_prefix), strict=False)
    return ipaddress.IPv4Network(address)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parse an address, ignoring a zone and unmapping IPv4. Raise ValueError."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def unmapped(host: str) -> str:
    """Unmap IPv4 from IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return host if mapped is None else str(mapped)


def covers(network: Network, other: Network) -> bool:
    return network.version == other.version and other.subnet_of(network)  # type: ignore[arg-type]  # one version


def parse_network(text: str) -> Network:
    """Parse a network; a plain IPv6 address becomes its customer's network. Raise ValueError."""
    try:
        if "/" not in text:
            return customer(text)
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text[:64]!r} is no address such as 192.0.2.7 or 2001:db8:0:7::/64") from None
    min_length = MIN_PREFIX_LENGTH[network.version]
    if network.prefixlen < min_length:
        raise ValueError(f"/{network.prefixlen} is out of range; allowed is /{min_length} to /{network.max_prefixlen}")
    return network


def format_network(network: Network) -> str:
    """Invert ``parse_network``."""
    single = network.version == 4 and network.prefixlen == network.max_prefixlen
    return str(network.network_address if single else network)


def host_of(text: str) -> str:
    return text.rpartition(":")[0].strip("[]")


def split_host_port(text: str) -> tuple[str, int]:
    return host_of(text), int(text.rpartition(":")[2])


def address_block(host: str) -> str:
    """Return the IPv4 /24 or IPv6 /48 around an address; other text unchanged."""
    try:
        network = customer(host)
    except ValueError:
        return host
    return str(network.supernet(new_prefix=BLOCK_PREFIX_LENGTH[network.version]))


@dataclass(frozen=True)
class Address:
    """Address to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        return host_port(self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(value: object) -> Address:
    """Parse ``HOST:PORT``, IPv6 in brackets; port 0 takes a free one."""
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
    return None if value is None or value == "" else parse_address(value)
