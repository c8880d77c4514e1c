"""PROXY protocol, version 2.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Literal

from householdd.clients.addresses import address_of

ProxyProtocol = bool | Literal["required"]
"""``required`` refuses connections without a header."""

HEAD_BYTES = 16

MAX_REST_BYTES = 4096
"""Longest accepted rest: addresses, and ignored extensions."""

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_HEAD = struct.Struct(">12sBBH")
_IPV4 = struct.Struct(">4s4sHH")
_IPV6 = struct.Struct(">16s16sHH")
_ADDRESSES = {0x11: _IPV4, 0x21: _IPV6}
"""By family and transport: TCP over IPv4 or IPv6."""
_NO_ADDRESS = frozenset({0x00, 0x31})
"""Unspecified, and stream over a Unix socket."""
_LOCAL, _PROXY = 0x20, 0x21
"""Version 2 and command: the proxy's own connection, or a client's."""


class ProxyHeaderError(ValueError):
    """Malformed or unsupported header; the message says what is wrong."""


def rest_size(head: bytes) -> int:
    """Return how many bytes follow the first ``HEAD_BYTES``. Raise ProxyHeaderError."""
    signature, command, _, size = _HEAD.unpack(head)
    if signature != _SIGNATURE:
        raise ProxyHeaderError("no header of the PROXY protocol, version 2")
    if command not in (_LOCAL, _PROXY):
        raise ProxyHeaderError(f"version and command 0x{command:02x} are unknown")
    if size > MAX_REST_BYTES:
        raise ProxyHeaderError(f"{size} bytes are more than {MAX_REST_BYTES}")
    return int(size)


def source(head: bytes, rest: bytes) -> tuple[str, int] | None:
    """Return the client's address, if named. Raise ProxyHeaderError."""
    _, command, family, _ = _HEAD.unpack(head)
    if command == _LOCAL or family in _NO_ADDRESS:
        return None
    if (layout := _ADDRESSES.get(family)) is None:
        raise ProxyHeaderError(f"family and transport 0x{family:02x} are not TCP over IPv4 or IPv6")
    if len(rest) < layout.size:
        raise ProxyHeaderError(f"{len(rest)} bytes are too few for the addresses")
    address, _, port, _ = layout.unpack_from(rest)
    return str(address_of(str(ipaddress.ip_address(address)))), port
