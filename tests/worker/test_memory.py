"""What a session holds in memory while it lives."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

from websockets.protocol import State

from householdd.clients.origins import Origins
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.config.profiles import read_profiles
from householdd.traffic.profiles import Profiles
from householdd.worker.gateway import Gateway
from householdd.worker.listener import ListenerOptions
from householdd.worker.read_buffer import ReadBuffer
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
    connection = bench.connected()
    connection.server = Mock()
    connection.data_received(REQUEST)
    await connection.handshake(gateway.answer)
    assert connection.protocol.state is State.OPEN
    gateway.open_session(connection)
    assert len(bench.manager.live) == 1
    request = connection.request
    assert request is not None
    # The library's parser has this very object.
    assert "secret" not in f"{request.path} {request.headers}"
    assert connection.accepted.request is None
    assert connection._reader is None


async def test_what_comes_in_is_taken_before_the_next_connection_uses_the_same_memory(bench: Bench) -> None:
    connections = [bench.connected() for _ in range(2)]
    buffers = [ReadBuffer(connection) for connection in connections]
    heads = [b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"]
    for pieces in ([head[:8] for head in heads], [head[8:] for head in heads]):
        for buffer, piece in zip(buffers, pieces, strict=True):
            buffer.get_buffer(len(piece))[: len(piece)] = piece
            buffer.buffer_updated(len(piece))
    requests = [connection._reader and connection._reader.request for connection in connections]
    assert [request and request.path for request in requests] == ["/first", "/second"]
