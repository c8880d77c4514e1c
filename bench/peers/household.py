"""Servers of whole households, without liveness, figures or control: KIND STATE_DIR FILE, with FILE as in ``paced``.

``websockets`` sends the payload of each person, asks for their uploads, and answers pings. ``timers`` is the limit: it
sends the payload and reads nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from bench.peers.listening import listener, tls
from bench.peers.paced import Lateness
from householdd.config.profiles import read_profiles
from householdd.session.dialogue import MIN_UPLOAD_CHUNK_BYTES
from householdd.traffic.profiles import Profile
from householdd.traffic.shapes import Shape, Silent

REQUEST_INTERVAL_S = 0.25
"""Interval between two requests for upload, as of the daemon."""

PROFILES = read_profiles(None)


async def websockets(sock: socket.socket, context: ssl.SSLContext | None, lateness: Lateness) -> None:
    """One task for each direction of a session, which sleeps and sends, and one that reads."""

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        profile, shape = _asked_for(connection.request.path)
        await connection.send(json.dumps(_session_info(profile, shape)))
        tasks = [
            asyncio.create_task(work)
            for work in (_download(connection, shape, lateness), _upload(connection, profile.upload.shape()))
        ]
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                if isinstance(message, str) and (parsed := json.loads(message))["type"] == "ping":
                    await connection.send(json.dumps({**parsed, "type": "pong"}))
        await asyncio.gather(*tasks)

    async with serve(handler, sock=sock, ssl=context, compression=None, ping_interval=None):
        await asyncio.Event().wait()


async def timers(sock: socket.socket, context: ssl.SSLContext | None, lateness: Lateness) -> None:
    """The limit: one timer per portion, and one write by OpenSSL to the socket."""
    assert context is not None
    loop = asyncio.get_running_loop()
    clients = []

    def accept() -> None:
        client = context.wrap_socket(sock.accept()[0], server_side=True)
        path, key = _request(client.recv(4096).decode())
        profile, shape = _asked_for(path)
        info = Frame(Opcode.TEXT, json.dumps(_session_info(profile, shape)).encode()).serialize(mask=False)
        client.sendall(_UPGRADED.format(accept_key(key)).encode() + info)
        clients.append(client)
        if not isinstance(shape, Silent):
            play(client, shape)

    def play(client: ssl.SSLSocket, shape: Shape) -> None:
        began, at, sent = time.monotonic(), 0.0, 0
        payload = memoryview(os.urandom(round(shape.peak_bps / 8)))

        def wait() -> None:
            nonlocal at
            at = shape.next_after(at)
            loop.call_later(max(began + at - time.monotonic(), 0.0), send)

        def send() -> None:
            nonlocal sent
            lateness.observe(time.monotonic() - began - at)
            due = shape.bytes_by(at) - sent
            sent += due
            # The timer ends when the client has gone.
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                client.sendall(Frame(Opcode.BINARY, payload[:due]).serialize(mask=False))
                wait()

        wait()

    loop.add_reader(sock, accept)
    await asyncio.Event().wait()


_UPGRADED = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n"
)


def _request(text: str) -> tuple[str, str]:
    """Return path and key of an upgrade."""
    first, *lines = text.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first.split()[1], headers["sec-websocket-key"]


def _asked_for(path: str) -> tuple[Profile, Shape]:
    """Return the profile, and the download with the rate of the URL."""
    url = urlsplit(path)
    profile = PROFILES.find(url.path.rpartition("/")[2].partition("_")[0])
    assert profile is not None
    return profile, _wished(profile.download.shape(), parse_qs(url.query))


def _wished(shape: Shape, query: dict[str, list[str]]) -> Shape:
    wish = float(query["throughput"][0]) * 1e6 if "throughput" in query else shape.peak_bps
    return shape.limited(wish) if wish < shape.peak_bps else shape


def _session_info(profile: Profile, shape: Shape) -> dict[str, Any]:
    rates = {"download_mbps": shape.mean_bps / 1e6, "upload_mbps": profile.upload.shape().mean_bps / 1e6}
    return {"type": "session_info", "profile": {"activity_type": profile.activity_type, **rates}}


async def _download(connection: ServerConnection, shape: Shape, lateness: Lateness) -> None:
    if isinstance(shape, Silent):
        return
    # The event loop's time stands still within an iteration, however many sessions run in it.
    began, sent, at = time.monotonic(), 0, 0.0
    payload = memoryview(os.urandom(round(shape.peak_bps / 8)))
    with contextlib.suppress(ConnectionClosed):
        while True:
            at = shape.next_after(at)
            await asyncio.sleep(began + at - time.monotonic())
            lateness.observe(time.monotonic() - began - at)
            due = shape.bytes_by(at) - sent
            sent += due
            await connection.send(payload[:due])


async def _upload(connection: ServerConnection, shape: Shape) -> None:
    if isinstance(shape, Silent):
        return
    size = round(shape.mean_bps / 8 * REQUEST_INTERVAL_S)
    message = {
        "type": "real_upload_request",
        "target_bytes": size,
        "optimal_chunk_size": max(shape.portion_bytes, MIN_UPLOAD_CHUNK_BYTES),
        "duration_ms": round(REQUEST_INTERVAL_S * 1e3),
    }
    request = json.dumps(message)
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.sleep(REQUEST_INTERVAL_S)
            await connection.send(request)


def main(kind: str, state_dir: str, path: str) -> None:
    serve_with = {"websockets": websockets, "timers": timers}[kind]
    uvloop.run(serve_with(listener(), tls(state_dir), Lateness(Path(path))))


if __name__ == "__main__":
    main(*sys.argv[1:])
