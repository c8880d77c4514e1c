"""What pages of the earlier system ask for before their first WebSocket, and after their last."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import sys
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from household.v1 import config_service_pb2 as config_pb
from household.v1 import session_pb2 as pb
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.websocket_clients import OldPage, client
from tests.worker import sessions
from tests.worker.http_client import Answer, ask

CENTRAL = "https://central.example"
WARM_UP = "/api/warmup/bulk-download"
STOP = "/api/virtual-household/stop-user-sessions"


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("daemon")
    config = directory / "householdd.toml"
    config.write_text('legacy = true\nlegacy_listen = "127.0.0.1:0"\n')
    with running(directory, "--config", str(config), "--workers", "2") as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def _as_it_was(legacy: Daemon) -> Iterator[None]:
    yield
    wait_until(lambda: not legacy.list_sessions(), "the end of all sessions")
    legacy.config.ResetRuntimeConfig(config_pb.ResetRuntimeConfigRequest(), timeout=10)


def port_of(daemon: Daemon) -> int:
    (event,) = daemon.events("listening for pages of the earlier system")
    return int(event["address"].rpartition(":")[2])


def tell(daemon: Daemon, method: str, path: str = "/update-profile", body: bytes = b"", **headers: str) -> Answer:
    """Send a request to the port of ``update-profile``."""
    host = urllib.parse.urlsplit(daemon.url).hostname or ""
    connection = http.client.HTTPSConnection(host, port_of(daemon), context=daemon.tls, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request(method, path, body or None, {name.replace("_", "-"): each for name, each in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class WarmUp:
    """A download under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = ""

    async def read(self, count: int) -> None:
        """Read so many bytes of the body."""
        await asyncio.wait_for(self.reader.readexactly(count), TIMEOUT_S)


@contextlib.asynccontextmanager
async def warm_up(
    daemon: Daemon, origin: str | None = CENTRAL, source: str = "127.0.0.1", **headers: str
) -> AsyncIterator[WarmUp]:
    url = urllib.parse.urlsplit(daemon.url)
    reader, writer = await asyncio.open_connection(
        url.hostname, url.port, ssl=daemon.tls, server_hostname=url.hostname, local_addr=(source, 0)
    )
    lines = [f"GET {WARM_UP} HTTP/1.1", f"Host: {url.netloc}"]
    lines += [f"Origin: {origin}"] if origin else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    stream = WarmUp(reader, writer)
    try:
        stream.head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)).decode()
        yield stream
    finally:
        writer.transport.abort()


async def live(daemon: Daemon) -> pb.Session:
    """Return the only warm-up."""
    (session,) = await asyncio.to_thread(warm_ups, daemon)
    return session


def warm_ups(daemon: Daemon) -> list[pb.Session]:
    return daemon.list_sessions("profile = warm-up")


async def test_a_warm_up_is_a_session_and_ends_with_its_connection(legacy: Daemon) -> None:
    async with warm_up(legacy) as stream:
        assert stream.head.startswith("HTTP/1.1 200 ")
        assert "Content-Type: application/octet-stream" in stream.head
        assert f"Access-Control-Allow-Origin: {CENTRAL}" in stream.head
        session = await live(legacy)
        while session.evidence_kind != pb.EVIDENCE_KIND_ACK:
            await stream.read(4 * 1024 * 1024)
            session = await live(legacy)
        assert (session.state, session.verdict) == (pb.SESSION_STATE_ACTIVE, pb.VERDICT_LIVE)
        assert session.sent_bytes >= 4 * 1024 * 1024
        session_id = session.id
    ended = await asyncio.to_thread(sessions.closed, legacy, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_CLIENT_CLOSED
    assert ended.received_bytes == 0


async def test_a_client_that_reads_nothing_is_sent_no_more_than_its_buffers_take(legacy: Daemon) -> None:
    """Evidence is what the kernel acknowledges; nothing is taken on trust."""
    async with warm_up(legacy):
        # Nobody reads: the receive window shuts, and with it the gate.
        def is_shut() -> bool:
            found = warm_ups(legacy)
            return bool(found) and found[0].state == pb.SESSION_STATE_QUIET

        await asyncio.to_thread(wait_until, is_shut, "the gate to be shut")
        before = (await asyncio.to_thread(warm_ups, legacy))[0].sent_bytes
        await asyncio.sleep(0.6)
        assert (await asyncio.to_thread(warm_ups, legacy))[0].sent_bytes == before


async def test_a_warm_up_stays_within_budgets(legacy: Daemon) -> None:
    assert legacy.ctl("config", "set", "limits.session_mbps=20").returncode == 0
    async with warm_up(legacy) as stream:
        reading = asyncio.create_task(stream.reader.read(-1))
        # Shares are worked out at each control pass, so the first moment is not bounded.
        first = await aged(legacy, 1.0)
        last = await aged(legacy, 4.0)
        assert last.server_limited
        seconds = (last.age.ToMilliseconds() - first.age.ToMilliseconds()) / 1e3
        assert (last.sent_bytes - first.sent_bytes) * 8 / seconds == pytest.approx(20e6, rel=0.1)
        reading.cancel()


async def aged(daemon: Daemon, seconds: float) -> pb.Session:
    """Return the warm-up once it is so old."""
    await asyncio.to_thread(wait_until, lambda: warm_ups(daemon)[0].age.ToMilliseconds() >= seconds * 1e3, "its age")
    return await live(daemon)


async def test_a_warm_up_ends_by_itself(legacy: Daemon) -> None:
    assert legacy.ctl("config", "set", "limits.session_mbps=5").returncode == 0
    async with warm_up(legacy) as stream:
        session_id = (await live(legacy)).id
        taken = len(await asyncio.wait_for(stream.reader.read(-1), TIMEOUT_S * 2))
    assert taken > 5e6 / 8 * 5
    closed = await asyncio.to_thread(sessions.closed, legacy, session_id)
    assert closed.close_reason == pb.CLOSE_REASON_MAX_DURATION
    assert 15 <= closed.age.ToMilliseconds() / 1e3 < 15 + TIMEOUT_S / 2


async def test_an_operator_ends_a_warm_up_like_any_session(legacy: Daemon) -> None:
    async with warm_up(legacy) as stream:
        session_id = (await live(legacy)).id
        done = await asyncio.to_thread(
            legacy.ctl, "sessions", "kill", "--filter", "profile = warm-up", "--reason", "go", "--yes"
        )
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await asyncio.wait_for(stream.reader.read(-1), TIMEOUT_S)
    closed = await asyncio.to_thread(sessions.closed, legacy, session_id)
    assert closed.close_reason == pb.CLOSE_REASON_KILLED


async def test_foreign_pages_have_four_warm_ups_of_each_customer_and_our_own_more(legacy: Daemon) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for origin in (CENTRAL, None, "https://evil.example", "null"):
            stream = await stack.enter_async_context(warm_up(legacy, origin))
            await stream.read(1000)
        fifth = await stack.enter_async_context(warm_up(legacy))
        assert fifth.head.startswith("HTTP/1.1 429 ")
        assert "Retry-After: 10" in fifth.head
        assert f"Access-Control-Allow-Origin: {CENTRAL}" in fifth.head
        other = await stack.enter_async_context(warm_up(legacy, source="127.0.0.2"))
        assert other.head.startswith("HTTP/1.1 200 ")
        own = await stack.enter_async_context(warm_up(legacy, legacy.url.rstrip("/")))
        assert own.head.startswith("HTTP/1.1 200 ")
        # The household of the page is no second one.
        async with client(legacy, "alex_1", OldPage, headers={"Origin": CENTRAL}) as page:
            await page.payload()


@pytest.mark.parametrize("mode", ["no-cors", "websocket"])
async def test_a_page_cannot_embed_a_warm_up(legacy: Daemon, mode: str) -> None:
    async with warm_up(legacy, None, Sec_Fetch_Mode=mode, Sec_Fetch_Site="cross-site") as stream:
        assert stream.head.startswith("HTTP/1.1 403 ")


async def test_admission_holds_for_warm_ups(legacy: Daemon) -> None:
    blocked = legacy.ctl("sessions", "block", "127.0.0.9", "--reason", "abuse", "--for", "60s")
    assert blocked.returncode == 0, blocked.stderr
    async with warm_up(legacy, source="127.0.0.9") as stream:
        assert stream.head.startswith("HTTP/1.1 403 ")
    assert legacy.ctl("sessions", "unblock", "127.0.0.9").returncode == 0
    assert legacy.ctl("config", "set", "limits.max_sessions=1").returncode == 0
    async with warm_up(legacy) as stream:
        await stream.read(1000)
        async with warm_up(legacy, source="127.0.0.2") as second:
            assert second.head.startswith("HTTP/1.1 503 ")


def test_a_head_of_a_warm_up_opens_nothing(legacy: Daemon) -> None:
    opened = legacy.get_server().totals.sessions_opened
    assert ask(legacy, WARM_UP, "HEAD").status == 200
    assert legacy.get_server().totals.sessions_opened == opened


def test_the_result_of_a_warm_up_is_taken_with_its_preflight(legacy: Daemon) -> None:
    asked = {
        "Origin": CENTRAL,
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "content-type",
    }
    preflight = tell(legacy, "OPTIONS", "/update-profile", b"", **asked)
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == CENTRAL
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    body = json.dumps(
        {"user_type": "computer", "profile_updates": {"download_mbps": 93.2, "upload_mbps": 0.1}}
    ).encode()
    answer = tell(legacy, "POST", body=body, Origin=CENTRAL, Content_Type="application/json")
    assert (answer.status, answer.json) == (200, {"success": True})
    assert answer.headers["Access-Control-Allow-Origin"] == CENTRAL


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/update-profile", b"", 400),
        ("POST", "/update-profile", b"[]", 400),
        ("POST", "/update-profile", b"[" * 10_000, 400),
        ("POST", "/update-profile", b"\xff", 400),
        ("POST", "/update-profile", b'{"a": "' + b"x" * 70_000 + b'"}', 413),
        ("GET", "/update-profile", b"", 405),
        ("GET", "/", b"", 404),
        ("GET", "/virtual-household/health", b"", 404),
        ("GET", "/ws/virtual-household/alex", b"", 404),
        ("GET", WARM_UP, b"", 404),
    ],
)
def test_the_port_serves_nothing_else(legacy: Daemon, method: str, path: str, body: bytes, status: int) -> None:
    answer = tell(legacy, method, path, body, Origin=CENTRAL)
    assert answer.status == status
    if status != 413:
        assert answer.headers["Access-Control-Allow-Origin"] == CENTRAL


def test_without_legacy_there_is_neither_row_nor_port(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        answer = ask(daemon, WARM_UP, Origin=CENTRAL)
        assert answer.status == 404
        # A page that cannot read the answer would report CORS as the cause.
        assert answer.headers["Access-Control-Allow-Origin"] == CENTRAL
        assert not daemon.events("listening for pages of the earlier system")


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = tmp_path / "householdd.toml"
        config.write_text(f'legacy = true\nlegacy_listen = "127.0.0.1:{port}"\n')
        command = [sys.executable, "-m", "householdd", "--dev", "--config", str(config), "--listen", "127.0.0.1:0"]
        folders = ["--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path / "state")]
        done = subprocess.run([*command, *folders], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 1
    assert f"householdd: legacy_listen 127.0.0.1:{port}: Address already in use" in done.stderr


async def household(stack: contextlib.AsyncExitStack, daemon: Daemon, test_id: str, source: str) -> list[OldPage]:
    pages = []
    for who in ("alex", "sarah", "jake", "computer"):
        query = f"?test_id={test_id}&throughput=5"
        page = await stack.enter_async_context(client(daemon, who, OldPage, query, source=source))
        await page.opened()
        pages.append(page)
    return pages


@pytest.mark.parametrize("label", ["1754800000", "all"])
async def test_a_page_stops_the_run_of_its_own_address_at_every_worker(legacy: Daemon, label: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        mine = await household(stack, legacy, "1754800000", "127.0.0.1")
        neighbours = await household(stack, legacy, "1754800000", "127.0.0.2")
        answer = await asyncio.to_thread(ask, legacy, f"{STOP}/{label}", "POST", b'{"reason": "user"}', Origin=CENTRAL)
        assert (answer.status, answer.json) == (200, {"success": True})
        assert answer.headers["Access-Control-Allow-Origin"] == CENTRAL
        for page in mine:
            await asyncio.wait_for(page.connection.wait_closed(), TIMEOUT_S)
            assert page.last("session_complete")["reason"] == "client_stopped"
        for page in neighbours:
            await page.payload()


async def test_a_stop_of_one_run_leaves_the_others_of_the_address(legacy: Daemon) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first = await household(stack, legacy, "1", "127.0.0.1")
        second = await household(stack, legacy, "2", "127.0.0.1")
        assert (await asyncio.to_thread(ask, legacy, f"{STOP}/1", "POST", b"{}")).status == 200
        for page in first:
            await asyncio.wait_for(page.connection.wait_closed(), TIMEOUT_S)
        for page in second:
            await page.payload()
