"""Somebody else's download on the same line, which keeps its queue full."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.lab.network import SERVER, Network

PORT = 9001


@contextmanager
def download(network: Network) -> Iterator[None]:
    """A TCP download by CUBIC, which fills whatever queue there is, for the length of a block."""
    with network.server.entered():
        listener = socket.create_server((SERVER, PORT))
    with network.client.entered():
        client = socket.create_connection((SERVER, PORT))
    server, _ = listener.accept()
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    threads = [threading.Thread(target=_send, args=(server,)), threading.Thread(target=_receive, args=(client,))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for sock in (server, client):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for sock in (server, client, listener):
            sock.close()


def _send(sock: socket.socket) -> None:
    with suppress(OSError):
        while True:
            sock.sendall(bytes(65536))


def _receive(sock: socket.socket) -> None:
    with suppress(OSError):
        while sock.recv(65536):
            pass
