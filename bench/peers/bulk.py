"""Servers that send as much as the client takes, in frames of a bulk session: KIND STATE_DIR CONNECTIONS."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.peers.listening import listener, tls
from householdd.worker.payload import FRAME_BYTES, portion

MAX_HEADER_BYTES = 14
"""Longest frame header."""

BATCH_SIZE = 16
"""Frames written before other connections are served."""


def blocking(sock: socket.socket, context: ssl.SSLContext | None, connections: int) -> None:
    """The limit: blocking sends of a serialised frame, to each client in turn."""
    data = portion(FRAME_BYTES)
    while True:
        clients = [accepted(sock, context) for _ in range(connections)]
        # Until the clients leave.
        with contextlib.suppress(OSError):
            while True:
                for client in clients:
                    client.sendall(data)
        for client in clients:
            client.close()


def accepted(sock: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    """Accept a client and answer its upgrade, ignoring the request."""
    return asked(sock, context)[0]


def asked(sock: socket.socket, context: ssl.SSLContext | None) -> tuple[socket.socket, str]:
    """Accept a client; answer and return its request."""
    client, _ = sock.accept()
    if context is not None:
        client = context.wrap_socket(client, server_side=True)
    request = client.recv(4096).decode()
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    return client, request


async def websockets(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    """A plain handler of the library that householdd uses, on the same event loop."""
    data = os.urandom(FRAME_BYTES)

    async def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                for _ in range(BATCH_SIZE):
                    await connection.send(data)
                # Sending alone never yields while the client keeps up.
                await asyncio.sleep(0)

    async with serve(handler, sock=sock, ssl=context, compression=None, ping_interval=None):
        await asyncio.Event().wait()


async def picows(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    """A WebSocket library in Cython, at its documented fastest: no copy, paused by its transport."""
    from picows import WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server  # noqa: PLC0415 - optional

    class Sender(WSListener):  # type: ignore[misc]  # the library is not typed
        def __init__(self) -> None:
            self.transport: WSTransport | None = None
            self.paused = False
            self.buffer = bytearray(MAX_HEADER_BYTES) + os.urandom(FRAME_BYTES)

        def on_ws_connected(self, transport: WSTransport) -> None:
            self.transport = transport
            asyncio.get_running_loop().call_soon(self.fill)

        def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - the library's signature
            self.transport = None

        def pause_writing(self) -> None:
            self.paused = True

        def resume_writing(self) -> None:
            self.paused = False
            self.fill()

        def fill(self) -> None:
            for _ in range(BATCH_SIZE):
                if self.transport is None or self.paused:
                    return
                self.transport.send_reuse_external_bytearray(WSMsgType.BINARY, self.buffer, MAX_HEADER_BYTES)
            asyncio.get_running_loop().call_soon(self.fill)

    def listener_for(_: WSUpgradeRequest) -> Sender:
        return Sender()

    server = await ws_create_server(listener_for, sock=sock, ssl=context)
    await server.serve_forever()


def main(kind: str, state_dir: str, connections: str) -> None:
    sock, context = listener(), tls(state_dir)
    if kind == "blocking":
        blocking(sock, context, int(connections))
    else:
        uvloop.run({"websockets": websockets, "picows": picows}[kind](sock, context))


if __name__ == "__main__":
    main(*sys.argv[1:])
