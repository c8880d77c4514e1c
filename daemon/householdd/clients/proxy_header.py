"""The PROXY protocol, version 2: whom a proxy passes on, told before anything of the connection itself.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Literal

from householdd.clients.addresses import address_of

ProxyProtocol = bool | Literal["required"]
"""Whether trusted proxies begin each connection with a header; ``required`` refuses connections of others."""

HEAD_BYTES = 16
"""Bytes of the part that has the length of the rest."""

MAX_REST_BYTES = 4096
"""Greatest length of the rest that is read: addresses, and what a proxy tells beside them, which is not looked at."""

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_HEAD = struct.Struct(">12sBBH")
_IPV4 = struct.Struct(">4s4sHH")
_IPV6 = struct.Struct(">16s16sHH")
_ADDRESSES = {0x11: _IPV4, 0x21: _IPV6}
"""By address family and transport: TCP over either."""
_NO_ADDRESS = frozenset({0x00, 0x31})
"""Unspecified, and a stream over a unix socket."""
_LOCAL, _PROXY = 0x20, 0x21
"""Version 2 and the command: a connection of the proxy's own, such as a health check, or a client's."""


class ProxyHeaderError(ValueError):
    """What came is no header of the PROXY protocol, version 2, that can be used; the message says what is wrong."""


def rest_size(head: bytes) -> int:
    """How many bytes follow ``head``, which has ``HEAD_SIZE``. Raises ProxyHeaderError."""
    signature, command, _, size = _HEAD.unpack(head)
    if signature != _SIGNATURE:
        raise ProxyHeaderError("no header of the PROXY protocol, version 2")
    if command not in (_LOCAL, _PROXY):
        raise ProxyHeaderError(f"version and command 0x{command:02x} are unknown")
    if size > MAX_REST_BYTES:
        raise ProxyHeaderError(f"{size} bytes are more than {MAX_REST_BYTES}")
    return int(size)


def source(head: bytes, rest: bytes) -> tuple[str, int] | None:
    """Address and port of the client; None where the header names none, and the proxy speaks for itself.

    Raises ProxyHeaderError.
    """
    _, command, family, _ = _HEAD.unpack(head)
    if command == _LOCAL or family in _NO_ADDRESS:
        return None
    if (layout := _ADDRESSES.get(family)) is None:
        raise ProxyHeaderError(f"family and transport 0x{family:02x} are not TCP over IPv4 or IPv6")
    if len(rest) < layout.size:
        raise ProxyHeaderError(f"{len(rest)} bytes have no room for the addresses")
    address, _, port, _ = layout.unpack_from(rest)
    return str(address_of(str(ipaddress.ip_address(address)))), port
