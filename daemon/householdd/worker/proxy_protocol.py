"""Reads PROXY headers."""

from __future__ import annotations

import asyncio
import socket

from householdd.clients import proxy_header
from householdd.clients.proxy_header import ProxyHeaderError, ProxyProtocol
from householdd.clients.trusted_proxies import TrustedProxies


class ProxyHeaderReader:
    """The PROXY protocol as it is configured."""

    def __init__(self, protocol: ProxyProtocol, proxies: TrustedProxies) -> None:
        self._protocol = protocol
        self._proxies = proxies

    def is_proxy(self, host: str) -> bool:
        """Return whether many customers may be behind ``host``."""
        return self._proxies.trusts(host)

    def refuses(self, host: str) -> bool:
        """Return whether ``host`` may not connect, because it is not a trusted proxy."""
        return self._protocol == "required" and not self._proxies.trusts(host)

    def expects(self, host: str) -> bool:
        """Return whether a connection from ``host`` begins with a header."""
        return bool(self._protocol) and self._proxies.trusts(host)


async def read(sock: socket.socket) -> tuple[str, int] | None:
    """Read the header and not a byte more. Return the client's address and port as ``proxy_header.source`` does.

    Raise ProxyHeaderError, also if the connection ends within the header.
    """
    head = await _exactly(sock, proxy_header.HEAD_BYTES)
    return proxy_header.source(head, await _exactly(sock, proxy_header.rest_size(head)))


async def _exactly(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        more = await loop.sock_recv(sock, size - len(data))
        if not more:
            raise ProxyHeaderError("the connection ended within the header")
        data += more
    return data
