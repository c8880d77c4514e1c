"""Connections of strangers to an operators' port, who begin and do not go on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence

CROWD = 300
"""More connections than a port has places."""

BEGINNINGS = {
    "silent": b"",
    "one byte": b"\x16",
    "half a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "half an HTTP request": b"GET / HTTP/1.1\r\n",
}
"""What they send."""

ADDRESSES = {
    "the operator's address": ["127.0.0.1"],
    "one address": ["127.0.0.2"],
    "six networks": [f"127.0.{number}.1" for number in range(1, 7)],
}
"""Where they come from; the operator is at 127.0.0.1."""


@contextlib.contextmanager
def crowd(port: int, addresses: Sequence[str], first: bytes) -> Iterator[None]:
    """Connections that send ``first`` and no more, and stay until the daemon ends them."""
    with contextlib.ExitStack() as stack:
        for number in range(CROWD):
            local = (addresses[number % len(addresses)], 0)
            made = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, source_address=local))
            with contextlib.suppress(ConnectionError):
                made.sendall(first)
        yield
