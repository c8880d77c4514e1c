"""Servers that hardly do more than hold connections: KIND STATE_DIR FILE.

``passes`` visits each connection four times a second and writes to it. FILE gets two 64-bit numbers: visits so far, and
their total seconds.
"""

from __future__ import annotations

import contextlib
import mmap
import socket
import ssl
import struct
import sys
import time
from pathlib import Path

import uvloop
from websockets.frames import Frame, Opcode

from bench.peers.bulk import accepted
from bench.peers.listening import listener, tls
from bench.peers.upload import websockets

VISIT_INTERVAL_S = 0.25

LOOKS = struct.Struct("=qd")

_TCP_INFO_SIZE = 216
"""Bytes of TCP_INFO that householdd reads."""

_FIGURES = Frame(Opcode.TEXT, b" " * 900).serialize(mask=False)
"""As long as the message to a session at a control pass."""


def read(path: Path) -> tuple[int, float]:
    """Read FILE."""
    looks, seconds = LOOKS.unpack(path.read_bytes())
    return looks, seconds


def passes(sock: socket.socket, context: ssl.SSLContext | None, path: Path) -> None:
    """The limit of a control pass: one reading of TCP_INFO and one write per connection."""
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), LOOKS.size)
    clients: list[socket.socket] = []
    looks, took, at = 0, 0.0, time.perf_counter()
    while True:
        sock.settimeout(max(at - time.perf_counter(), 0.001))
        with contextlib.suppress(TimeoutError):
            client = accepted(sock, context)
            client.settimeout(0)
            clients.append(client)
        if time.perf_counter() < at:
            continue
        began = time.perf_counter()
        for client in list(clients):
            try:
                client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
                client.send(_FIGURES)
            except OSError:
                clients.remove(client)
        looks += len(clients)
        took += time.perf_counter() - began
        LOOKS.pack_into(memory, 0, looks, took)
        for client in clients:
            with contextlib.suppress(OSError):
                client.recv(65536)
        at = max(at + VISIT_INTERVAL_S, time.perf_counter())


def main(kind: str, state_dir: str, path: str) -> None:
    sock, context = listener(), tls(state_dir)
    if kind == "passes":
        passes(sock, context, Path(path))
    else:
        # Connections of the library that householdd uses, left idle.
        uvloop.run(websockets(sock, context))


if __name__ == "__main__":
    main(*sys.argv[1:])
