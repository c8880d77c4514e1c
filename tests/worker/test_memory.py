"""What a session holds in memory while it lives."""

from __future__ import annotations

import asyncio
import resource
import weakref
from pathlib import Path
from typing import Any, cast

from householdd.clients.origins import Origins
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.config.profiles import read_profiles
from householdd.traffic.profiles import Profiles
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.connection import Connection
from householdd.worker.gateway import Gateway
from householdd.worker.listener import ListenerOptions
from tests.daemon import CROWD, running
from tests.worker.bench import Bench
from tests.worker.raw_client import RawClient

BEFORE, COUNT = 30, 150
"""Sessions that bring in what a worker holds once, and those that are measured."""

MOST = 50_000
"""Resident bytes of an idle session over TLS, of which the library's connection is more than half: 37 kB when this was
written, 58 where the buffers of TLS lie in the heap."""


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_an_idle_session_takes_no_more_than_its_aim(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "1", env=CROWD) as daemon:
        (pid,) = daemon.worker_pids()
        clients = [RawClient(daemon, "probe") for _ in range(BEFORE)]
        before = resident(pid)
        clients += [RawClient(daemon, "probe") for _ in range(COUNT)]
        took = resident(pid) - before
        for each in clients:
            each.close()
    assert took / COUNT < MOST


REQUEST = (
    b"GET /ws/virtual-household/alex?token=secret HTTP/1.1\r\nHost: a\r\nCookie: secret\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def test_a_session_keeps_nothing_of_its_request(bench: Bench) -> None:
    profiles = Profiles(read_profiles(None).by_key)
    options = ListenerOptions(None, (), 1.0, Origins(()), TrustedProxies(()), False, None)
    gateway = Gateway(bench.wire.get_extra_info("socket"), bench.manager, profiles, cast("Any", None), {}, options)
    connection = AcceptedConnection(bench.accepted(), 1.0)
    bench.wire.set_protocol(connection)
    connection.connection_made(bench.wire)
    come_in(connection, REQUEST)
    request = await connection.answer(gateway.answer, lambda: True)
    assert request is not None
    websocket = Connection(connection.accepted, asyncio.get_running_loop())
    connection.upgrade(request, websocket)
    gateway.open_session(websocket)
    assert len(bench.manager.live) == 1
    assert websocket.accepted.request is None
    held = weakref.ref(connection)
    del connection
    assert held() is None


async def test_what_comes_in_is_taken_before_the_next_connection_uses_the_same_memory(bench: Bench) -> None:
    connections = [AcceptedConnection(bench.accepted(), 1.0) for _ in range(2)]
    heads = [b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"]
    for pieces in ([head[:8] for head in heads], [head[8:] for head in heads]):
        for connection, piece in zip(connections, pieces, strict=True):
            come_in(connection, piece)
    requests = [connection._reader.request for connection in connections]
    assert [request and request.path for request in requests] == ["/first", "/second"]


def come_in(connection: AcceptedConnection, data: bytes) -> None:
    connection.get_buffer(len(data))[: len(data)] = data
    connection.buffer_updated(len(data))
