"""Misbehaving HTTP/2 clients of the control API."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions


def connected(control_socket: Path) -> socket.socket:
    """Return a connection that has sent nothing."""
    sock = socket.socket(socket.AF_UNIX)
    # No timeout, which would make connect fail while the listening socket's queue is full.
    sock.connect(str(control_socket))
    sock.settimeout(30)
    return sock


class Hostile:
    """An HTTP/2 client without restraint."""

    def __init__(self, control_socket: Path) -> None:
        self.sock = connected(control_socket)
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.events: list[h2.events.Event] = []
        """Events received from the server."""
        self.h2.initiate_connection()
        self.flush()
        self.receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def flush(self) -> None:
        """Send pending data."""
        self.sock.sendall(self.h2.data_to_send())

    def receive(self) -> bool:
        """Receive data; return False if the server has closed the connection."""
        try:
            data = self.sock.recv(65536)
            if data:
                self.events += self.h2.receive_data(data)
                self.flush()
        except (ConnectionError, h2.exceptions.ProtocolError):
            return False
        return bool(data)

    def headers(self, stream: int, *more: tuple[str, str]) -> None:
        """Begin an RPC whose request never arrives."""
        self.h2.send_headers(
            stream,
            [
                *((":method", "POST"), (":scheme", "http"), (":authority", "x")),
                (":path", "/household.v1.ServerService/GetServer"),
                *(("content-type", "application/grpc"), ("te", "trailers"), *more),
            ],
        )

    def reset_streams(self, count: int) -> bool:
        """Begin and reset RPCs; return False if the server has closed the connection, as it may."""
        try:
            for _ in range(count):
                stream = self.h2.get_next_available_stream_id()
                self.headers(stream)
                self.h2.reset_stream(stream)
            self.flush()
        except (ConnectionError, h2.exceptions.ProtocolError):
            return False
        return True

    def flood(self, count: int) -> bool:
        """Send pings and settings without reading; return False if the server has closed the connection, as it
        should."""
        try:
            for index in range(count):
                self.h2.ping(index.to_bytes(8, "big"))
                self.h2.update_settings({1: 4096})
                if index % 100 == 0:
                    self.flush()
            self.flush()
        except (ConnectionError, h2.exceptions.ProtocolError):
            return False
        return True
