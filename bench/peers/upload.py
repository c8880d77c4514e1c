"""Servers that discard uploads: KIND STATE_DIR."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
import threading

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.peers.bulk import accepted
from bench.peers.listening import listener, tls


def blocking(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    """The limit: discards bytes unparsed, one thread per client."""
    while True:
        threading.Thread(target=_drop, args=(accepted(sock, context),)).start()


def _drop(client: socket.socket) -> None:
    buffer = bytearray(256 * 1024)
    with client, contextlib.suppress(OSError):
        while client.recv_into(buffer):
            pass


async def websockets(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    """A plain handler of the library that householdd uses."""

    async def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in connection:
                pass

    async with serve(handler, sock=sock, ssl=context, compression=None, ping_interval=None):
        await asyncio.Event().wait()


async def picows(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    """A WebSocket library in Cython, which passes frames without a copy."""
    from picows import WSListener, ws_create_server  # noqa: PLC0415 - optional

    server = await ws_create_server(lambda _: WSListener(), sock=sock, ssl=context)
    await server.serve_forever()


def main(kind: str, state_dir: str) -> None:
    sock, context = listener(), tls(state_dir)
    if kind == "blocking":
        blocking(sock, context)
    else:
        uvloop.run({"websockets": websockets, "picows": picows}[kind](sock, context))


if __name__ == "__main__":
    main(*sys.argv[1:])
