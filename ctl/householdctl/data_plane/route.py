"""Routes, as the kernel chooses them.

The kernel is asked (``RTM_GETROUTE``, rtnetlink(7)), because its choice rests on more than the tables in ``/proc/net``:
policy rules, metrics, next hops of several paths. Linux only; no privilege is needed.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

# <linux/netlink.h>
_MESSAGE_HEADER = struct.Struct("=LHHLL")
_ERROR = struct.Struct("=l")
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
# <linux/rtnetlink.h>
_ROUTE_HEADER = struct.Struct("=BBBBBBBBL")
_ATTRIBUTE_HEADER = struct.Struct("=HH")
_NUMBER = struct.Struct("=L")
_RTM_NEWROUTE = 24
_RTM_GETROUTE = 26
_RTN_LOCAL = 2
_RTA_DST, _RTA_SRC, _RTA_OIF, _RTA_GATEWAY, _RTA_VIA = 1, 2, 4, 5, 18
_FAMILY_BYTES = 2
"""Of ``struct rtvia``, before the address."""

_ANSWER_BYTES = 65536
_ANSWER_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Route:
    """The way of one packet."""

    is_local: bool
    """Whether the destination is an address of this machine."""
    gateway: Address | None
    """None if the destination is on the link. IPv6 also for an IPv4 destination (RFC 8950)."""
    interface: int
    """Index."""


def route_to(destination: Address, source: Address) -> Route:
    """Ask the kernel for the route of a packet. Raise OSError if there is none, or netlink is not available."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.settimeout(_ANSWER_TIMEOUT_S)
        # Port 0 is the kernel's.
        netlink.connect((0, 0))
        netlink.send(request(destination, source))
        return parse_route(netlink.recv(_ANSWER_BYTES))


def request(destination: Address, source: Address) -> bytes:
    """Return the message that asks for a route; both addresses are of one family."""
    family = socket.AF_INET if destination.version == 4 else socket.AF_INET6
    bits = destination.max_prefixlen
    body = _ROUTE_HEADER.pack(family, bits, bits, 0, 0, 0, 0, 0, 0)
    body += _attribute(_RTA_DST, destination.packed) + _attribute(_RTA_SRC, source.packed)
    return _MESSAGE_HEADER.pack(_MESSAGE_HEADER.size + len(body), _RTM_GETROUTE, _NLM_F_REQUEST, 1, 0) + body


def parse_route(message: bytes) -> Route:
    """Read the kernel's answer. Raise OSError for its refusal, ValueError for anything else."""
    try:
        length, kind, *_ = _MESSAGE_HEADER.unpack_from(message)
        if kind == _NLMSG_ERROR:
            (number,) = _ERROR.unpack_from(message, _MESSAGE_HEADER.size)
            raise OSError(-number, "the kernel knows no route")
        if kind != _RTM_NEWROUTE or length > len(message):
            raise ValueError(f"a netlink message of type {kind} and {length} bytes is no route")
        route_type = _ROUTE_HEADER.unpack_from(message, _MESSAGE_HEADER.size)[7]
        attributes = _attributes(message[_MESSAGE_HEADER.size + _ROUTE_HEADER.size : length])
        (interface,) = _NUMBER.unpack(attributes.get(_RTA_OIF, bytes(4)))
    except struct.error:
        raise ValueError("a netlink message is cut short") from None
    return Route(route_type == _RTN_LOCAL, _gateway(attributes), interface)


def _gateway(attributes: dict[int, bytes]) -> Address | None:
    if _RTA_GATEWAY in attributes:
        return _address(attributes[_RTA_GATEWAY])
    if _RTA_VIA in attributes:
        return _address(attributes[_RTA_VIA][_FAMILY_BYTES:])
    return None


def _address(packed: bytes) -> Address:
    """Raise ValueError for a wrong length."""
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while at < len(data):
        length, kind = _ATTRIBUTE_HEADER.unpack_from(data, at)
        if length < _ATTRIBUTE_HEADER.size:
            raise ValueError("a netlink attribute is shorter than its header")
        found[kind] = data[at + _ATTRIBUTE_HEADER.size : at + length]
        at += _aligned(length)
    return found


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE_HEADER.size + len(value)
    return (_ATTRIBUTE_HEADER.pack(length, kind) + value).ljust(_aligned(length), b"\0")


def _aligned(length: int) -> int:
    return (length + 3) & ~3
