"""The HTTP service for Prometheus, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from householdd.clients.addresses import Address
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.metrics import listener
from householdd.supervisor.metrics.exposition import Page
from householdd.supervisor.metrics.listener import MetricsListener

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Bench:
    def __init__(self) -> None:
        self.accepts: list[str] = []
        self.broken = False
        self.port = 0

    async def render(self, accept: str) -> Page:
        self.accepts.append(accept)
        if self.broken:
            raise ZeroDivisionError
        return Page(b"one 1\n", "text/plain; version=0.0.4", 0.0)

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, request: str) -> tuple[str, str]:
        """The head and the body of the answer; both empty where the connection is closed without one."""
        reader, writer = await self.connect()
        try:
            writer.write(request.encode())
            head, _, body = (await asyncio.wait_for(reader.read(), 10)).decode().partition("\r\n\r\n")
        except ConnectionError:
            return "", ""
        finally:
            writer.close()
        return head, body


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with MetricsListener(Address("127.0.0.1", 0), bench.render).serving() as url:
        assert url.endswith("/metrics")
        bench.port = int(url.split(":")[2].split("/")[0])
        yield bench


async def test_metrics_are_given_with_their_type(bench: Bench) -> None:
    head, body = await bench.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 ")
    assert "Content-Type: text/plain; version=0.0.4" in head
    assert body == "one 1\n"
    assert bench.accepts == ["text/plain"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET / HTTP/1.1", 404),
        ("GET /metrics/ HTTP/1.1", 404),
        ("GET /metrics?name=x HTTP/1.1", 200),
        ("POST /metrics HTTP/1.1", 405),
        ("HEAD /metrics HTTP/1.1", 200),
        ("OPTIONS /metrics HTTP/1.1", 204),
        ("GET http://localhost/metrics HTTP/1.1", 200),
        ("GET http://evil.example/metrics HTTP/1.1", 421),
    ],
)
async def test_nothing_else_is_answered(bench: Bench, request_line: str, status: int) -> None:
    head, _ = await bench.ask(f"{request_line}\r\nHost: localhost\r\n\r\n")
    assert head.split()[1] == str(status)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8444", 200),
        ("[::1]:8444", 200),
        ("192.0.2.1", 200),
        (socket.gethostname(), 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.nip.io:8444", 421),
        ("", 421),
    ],
)
async def test_a_site_whose_name_was_made_to_lead_here_reads_nothing(bench: Bench, host: str, status: int) -> None:
    head, _ = await bench.ask(f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert head.split()[1] == str(status)
    assert len(bench.accepts) == (status == 200)


async def test_an_upgrade_is_not_made(bench: Bench) -> None:
    head, _ = await bench.ask(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert head.startswith("HTTP/1.1 200 ")


async def test_what_is_not_http_is_closed(bench: Bench) -> None:
    head, _ = await bench.ask("hello\r\n\r\n")
    assert "200" not in head
    assert bench.accepts == []


async def test_a_defect_is_logged_and_answered(bench: Bench) -> None:
    bench.broken = True
    with capture_logs() as logs:
        head, _ = await bench.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert head.startswith("HTTP/1.1 500 ")
    assert [line["event"] for line in logs] == ["metrics not rendered"]


async def test_idle_connections_do_not_pile_up_and_keep_nobody_out(bench: Bench) -> None:
    held = [await bench.connect() for _ in range(listener.MAX_CONNECTIONS + 1)]
    # Closed or reset: in either case nothing comes.
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(held[0][0].read(), 10) == b""
    head, _ = await bench.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 ")
    for _, idle in held:
        idle.close()


async def test_an_idle_connection_is_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REQUEST_TIMEOUT_S", 0.1)
    async with MetricsListener(Address("127.0.0.1", 0), bench.render).serving() as url:
        bench.port = int(url.split(":")[2].split("/")[0])
        reader, writer = await bench.connect()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()


async def test_a_port_in_use_is_named(bench: Bench) -> None:
    with pytest.raises(DaemonError, match=rf"^metrics_listen 127\.0\.0\.1:{bench.port}: Address already in use$"):
        await MetricsListener(Address("127.0.0.1", bench.port), bench.render).serving().__aenter__()
