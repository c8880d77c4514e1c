"""Clients that read as fast as Python can."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Iterator

from bench.frame_reader import FrameReader


def upgrade(user: str) -> bytes:
    """Return a client's opening handshake."""
    return (
        f"GET /ws/virtual-household/{user} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def connected(address: tuple[str, int], tls: ssl.SSLContext | None, request: bytes) -> socket.socket:
    """Return a blocking socket after its upgrade, at the beginning of a frame."""
    plain = socket.create_connection(address, timeout=30)
    sock = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
    sock.sendall(request)
    answer = b""
    # Byte by byte, since frames may follow at once.
    while not answer.endswith(b"\r\n\r\n") and (byte := sock.recv(1)):
        answer += byte
    if b" 101 " not in answer[:20]:
        raise SystemExit(f"no session: {answer[:200]!r}")
    return sock


class Readers:
    """Connections read by one thread."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._buffer = bytearray(256 * 1024)
        self._poll = select.epoll()
        self._sockets = {sock.fileno(): (sock, FrameReader(sock)) for sock in sockets}
        self._view = memoryview(self._buffer)
        for sock in sockets:
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def read(self, seconds: float) -> int:
        """Read available data for ``seconds``; return the bytes. OpenSSL buffers nothing that epoll does not see."""
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            for fileno, _ in self._poll.poll(1.0):
                sock, frames = self._sockets[fileno]
                got = sock.recv_into(self._buffer)
                if not got:
                    raise SystemExit("the server ended a connection that was to be measured")
                frames.take(self._view[:got])
                count += got
        return count


@contextlib.contextmanager
def readers(address: tuple[str, int], tls: ssl.SSLContext | None, count: int, request: bytes) -> Iterator[Readers]:
    """Open ``count`` connections for the length of a block."""
    with contextlib.ExitStack() as stack:
        yield Readers([stack.enter_context(connected(address, tls, request)) for _ in range(count)])
