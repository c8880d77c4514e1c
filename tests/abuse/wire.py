"""Bytes to and from the data plane's port, whatever they mean."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Self

from tests.daemon import TIMEOUT_S, Daemon


class Wire:
    """A connection to the port, with TLS or without."""

    def __init__(self, daemon: Daemon, tls: ssl.SSLContext | None) -> None:
        plain = socket.create_connection(daemon.address, timeout=TIMEOUT_S)
        try:
            self.socket = tls.wrap_socket(plain, server_hostname=daemon.address[0]) if tls else plain
        except BaseException:
            plain.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """Sends all of it; False when the server has ended the connection, as it may."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def rest(self) -> bytes:
        """All that comes until the server ends the connection; fails when it does not."""
        received = b""
        # However it ends: what was sent and not read makes the kernel reset it.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := self.socket.recv(65536):
                received += data
        return received

    def finish_sending(self) -> None:
        """Tells the server that nothing more comes."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def ask(self, request: bytes) -> bytes:
        """Sends and takes all that comes back."""
        self.send(request)
        return self.rest()


def status(response: bytes) -> int | None:
    """The status of an HTTP response; None where nothing came."""
    return int(response.split(b" ", 2)[1]) if response else None


def held(daemon: Daemon) -> tuple[int, int, int, int]:
    """What the only worker holds: sessions, connections, and the objects of both."""
    census = daemon.get_server().workers[0].census
    return census.sessions, census.connections, census.session_objects, census.connection_objects
