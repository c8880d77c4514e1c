"""The dashboard's server, as a page of it and as others see it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.end_to_end.strangers import ADDRESSES, BEGINNINGS, crowd

ALICE, BOB = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
NOBODY = "00000000000000000000000000000000"

LINES = f"alice operator {ALICE}\nbob viewer {BOB}\n"


class Visit:
    """A page's connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self, kind: str) -> dict[str, Any]:
        """The next message of a kind; others before it are passed over."""
        while True:
            message: dict[str, Any] = json.loads(await self.connection.recv())
            if message["type"] == kind:
                return message

    async def log_in(self, token: str) -> dict[str, Any]:
        await self.next("hello")
        await self.send(type="login", token=token)
        return await self.next("welcome")

    async def order(self, kind: str, **fields: object) -> dict[str, Any]:
        """What came of a change."""
        await self.send(type=kind, id=str(uuid.uuid4()), **fields)
        while True:
            message: dict[str, Any] = json.loads(await self.connection.recv())
            if message["type"] in ("done", "failed"):
                return message

    async def closed(self) -> int:
        """The code that the daemon closes with; what comes before it is passed over."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.connection.recv()
        return self.connection.close_code or 0


def url_of(daemon: Daemon) -> str:
    url: str = daemon.events("serving")[0]["dashboard"]
    return url


@contextlib.asynccontextmanager
async def visit(
    url: str,
    origin: str | None = None,
    tls: ssl.SSLContext | None = None,
    local_addr: tuple[str, int] | None = None,
) -> AsyncIterator[Visit]:
    async with connect(
        url.replace("http", "ws", 1) + "live",
        origin=Origin(origin or url.rstrip("/")),
        ssl=tls,
        proxy=None,
        local_addr=local_addr,
    ) as connection:
        yield Visit(connection)


@contextlib.contextmanager
def with_dashboard(directory: Path, section: str, tokens: str = LINES, *options: str) -> Iterator[Daemon]:
    file = directory / "householdd.toml"
    (directory / "tokens").write_text(tokens)
    (directory / "tokens").chmod(0o600)
    file.write_text(f"[dashboard]\n{section}\n")
    with running(directory, "--config", str(file), *options) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon of two workers, whose dashboard has an operator and a viewer."""
    directory = tmp_path_factory.mktemp("dashboard")
    section = f'listen = "127.0.0.1:0"\ntokens = "{directory}/tokens"\nnames = ["noc.isp.example"]'
    with with_dashboard(directory, section, LINES, "--workers", "2") as daemon:
        yield daemon


def get(url: str, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_the_page_has_a_strict_policy_and_the_public_port_has_not_the_page(shared: Daemon) -> None:
    response = get(url_of(shared))
    assert response.status == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/dashboard.js", "/../page/index.html", "/worker.js"):
        assert get(url_of(shared), path).status == (200 if path == "/dashboard.js" else 404)
    public = http.client.HTTPSConnection(urlsplit(shared.url).netloc, context=shared.tls, timeout=10)
    public.request("GET", "/dashboard.js")
    assert public.getresponse().status == 404
    public.close()


async def test_the_public_url_is_the_one_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSEHOLDD_PUBLIC_URL", "https://isp.example/speed")
    with with_dashboard(tmp_path, f'listen = "127.0.0.1:0"\ntokens = "{tmp_path}/tokens"') as daemon:
        await asyncio.to_thread(wait_until, lambda: daemon.events("serving"), "the line in the log")
        (serving,) = daemon.events("serving")
        async with visit(url_of(daemon)) as page:
            welcome = await page.log_in(ALICE)
        # Where it listens is told to the machine itself.
        assert daemon.get_server().listen_urls[0].startswith("https://127.0.0.1:")
    assert {daemon.url, serving["url"], welcome["url"]} == {"https://isp.example/speed/"}


async def test_names_that_somebody_made_lead_here_are_refused(shared: Daemon) -> None:
    url = url_of(shared)
    for host, status in (("evil.example", 421), ("noc.isp.example", 200), ("localhost:5", 200)):
        assert get(url, Host=host).status == status
    for origin in ("http://evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            async with visit(url, origin):
                pass
        assert refused.value.response.status_code == 403


async def test_a_wrong_token_is_refused_late_and_holds_nobody_up(shared: Daemon) -> None:
    url = url_of(shared)
    async with visit(url) as wrong, visit(url) as right:
        await wrong.next("hello")
        await wrong.send(type="login", token=NOBODY)
        welcome = await right.log_in(BOB)
        assert (welcome["name"], welcome["role"]) == ("bob", "viewer")
        await wrong.next("refused")
        assert await wrong.closed() == 4401
    assert shared.events("login refused")
    assert NOBODY not in shared.log.read_text()


async def test_nothing_is_told_before_the_login(shared: Daemon) -> None:
    async with visit(url_of(shared)) as somebody:
        assert json.loads(await somebody.connection.recv()) == {"type": "hello", "login": True}
        await somebody.send(type="view")
        assert await somebody.closed() == 4401


async def test_sessions_are_shown_as_asked_for_and_killed_with_a_reason(shared: Daemon) -> None:
    async with open_sessions(shared, 6) as clients, visit(url_of(shared)) as alice:
        await alice.log_in(ALICE)
        await alice.send(type="view", filter="profile = sarah", order_by="user_id desc", page_size=1)
        while (await alice.next("live"))["page"].get("total") != 2:
            pass
        page = (await alice.next("live"))["page"]
        assert [row["user"] for row in page["rows"]] == ["sarah_run1"]
        await alice.send(
            type="view", filter="profile = sarah", order_by="user_id desc", page_size=1, page_token=page["next"]
        )
        while (page := (await alice.next("live"))["page"])["next"]:
            pass
        assert [row["user"] for row in page["rows"]] == ["sarah_run0"]

        answer = await alice.order("kill", ids=[page["rows"][0]["id"]], reason="a customer called")
        assert answer["outcomes"] == {"killed": 1}
        await clients[1].connection.wait_closed()
        assert clients[1].last("session_complete")["reason"] == "killed"
        live = await alice.next("live")
        while not any(each["reason"] == "killed" for each in live["server"]["closes"]):
            live = await alice.next("live")
        assert len(live["server"]["workers"]) == 2
        assert live["point"][1] == 5
    (change,) = [line for line in shared.events("change") if line["method"].endswith("KillSessions")]
    assert change["actor"] == "dashboard:alice"
    assert change["via"].startswith("dashboard, 127.0.0.1:")
    assert (change["reason"], change["outcome"]) == ("a customer called", "OK")
    assert uuid.UUID(change["request_id"]).version == 4


async def test_a_viewer_changes_nothing(shared: Daemon) -> None:
    async with open_sessions(shared, 1), visit(url_of(shared)) as bob:
        await bob.log_in(BOB)
        for kind in ("kill", "drain", "resume"):
            answer = await bob.order(kind, reason="for fun")
            assert (answer["type"], answer["code"]) == ("failed", "PERMISSION_DENIED")
        assert shared.get_server().sessions == 1
    assert {line["actor"] for line in shared.events("denied")} == {"dashboard:bob"}


async def test_refusals_are_the_control_apis_own_words(shared: Daemon) -> None:
    async with visit(url_of(shared)) as alice:
        await alice.log_in(ALICE)
        await alice.send(type="view", filter="profil = jake")
        while "problem" not in (page := (await alice.next("live"))["page"]):
            pass
        assert page["code"] == "INVALID_ARGUMENT"
        assert page["problem"].startswith("filter: at 1: no field 'profil'; known are id, ")
        answer = await alice.order("kill", reason="all of them")
        assert answer["problem"] == "filter: must not be empty; to kill every session set all"
        answer = await alice.order("drain", reason=" ")
        assert answer["problem"] == "reason: 1 to 200 characters are needed, not 0"


async def test_a_drain_is_begun_shown_and_taken_back(shared: Daemon) -> None:
    async with visit(url_of(shared)) as alice, visit(url_of(shared)) as bob:
        await alice.log_in(ALICE)
        await bob.log_in(BOB)
        assert (await alice.order("drain", reason="upgrade", deadline=60))["type"] == "done"
        while (drain := (await bob.next("live"))["server"]["drain"]) is None:
            pass
        assert drain["reason"] == "upgrade"
        assert (await alice.order("resume", reason="done"))["type"] == "done"
        while (await bob.next("live"))["server"]["drain"] is not None:
            pass


async def test_what_breaks_the_protocol_is_closed(shared: Daemon) -> None:
    for message in ("no JSON", json.dumps({"type": "view", "page_size": 10**6})):
        async with visit(url_of(shared)) as alice:
            await alice.log_in(ALICE)
            await alice.connection.send(message)
            assert await alice.closed() == 1008
    async with visit(url_of(shared)) as alice:
        await alice.log_in(ALICE)
        await alice.connection.send("x" * 40_000)
        assert await alice.closed() == 1009
    async with visit(url_of(shared)) as alice:
        await alice.log_in(ALICE)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(33):
                await alice.send(type="view")
        assert await alice.closed() == 1008


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon whose dashboard can be reached from elsewhere, so over TLS."""
    directory = tmp_path_factory.mktemp("remote")
    with with_dashboard(directory, f'listen = "0.0.0.0:0"\ntokens = "{directory}/tokens"') as daemon:
        yield daemon


@pytest.fixture(params=["shared", "remote"])
def open_to_strangers(request: pytest.FixtureRequest) -> tuple[str, ssl.SSLContext | None]:
    """URL and client's TLS of a dashboard, without and with TLS."""
    daemon: Daemon = request.getfixturevalue(request.param)
    tls = daemon.tls if request.param == "remote" else None
    return url_of(daemon).replace("0.0.0.0", "127.0.0.1"), tls


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("where", ADDRESSES)
async def test_connections_of_strangers_never_keep_an_operator_out(
    open_to_strangers: tuple[str, ssl.SSLContext | None], beginning: str, where: str
) -> None:
    url, tls = open_to_strangers
    with crowd(urlsplit(url).port or 0, ADDRESSES[where], BEGINNINGS[beginning]):
        async with asyncio.timeout(TIMEOUT_S), visit(url, tls=tls) as alice:
            await alice.log_in(ALICE)
            await alice.next("live")


@pytest.mark.parametrize("where", ADDRESSES)
async def test_pages_of_strangers_never_keep_an_operator_out(
    open_to_strangers: tuple[str, ssl.SSLContext | None], where: str
) -> None:
    url, tls = open_to_strangers
    async with contextlib.AsyncExitStack() as stack:
        alice = await stack.enter_async_context(visit(url, tls=tls))
        await alice.log_in(ALICE)
        # More than there are places; the first ones have to go.
        for number in range(140):
            local = (ADDRESSES[where][number % len(ADDRESSES[where])], 0)
            await stack.enter_async_context(visit(url, tls=tls, local_addr=local))
        again = await stack.enter_async_context(visit(url, tls=tls))
        await again.log_in(BOB)
        await again.next("live")
        await alice.next("live")


async def test_tokens_are_read_anew(tmp_path: Path) -> None:
    section = f'listen = "127.0.0.1:0"\ntokens = "{tmp_path}/tokens"'
    with with_dashboard(tmp_path, section) as daemon:
        async with visit(url_of(daemon)) as alice, visit(url_of(daemon)) as bob:
            await alice.log_in(ALICE)
            await bob.log_in(BOB)
            (tmp_path / "tokens").write_text(f"alice operator {NOBODY}\nbob viewer {BOB}\n")
            daemon.process.send_signal(signal.SIGHUP)
            assert await alice.closed() == 4401
            await bob.next("live")
        async with visit(url_of(daemon)) as alice:
            await alice.log_in(NOBODY)
            (tmp_path / "tokens").chmod(0o644)
            daemon.process.send_signal(signal.SIGHUP)
            wait_until(lambda: daemon.events("not reloaded; the old configuration stays in force"), "a refusal")
            await alice.next("live")


async def test_without_tokens_everybody_on_the_machine_may_look(tmp_path: Path) -> None:
    with running(tmp_path, "--dashboard-listen", "127.0.0.1:0") as daemon:
        async with visit(url_of(daemon)) as somebody:
            assert not (await somebody.next("hello"))["login"]
            await somebody.send(type="login")
            assert (await somebody.next("welcome"))["role"] == "viewer"
            assert (await somebody.order("drain", reason="for fun"))["code"] == "PERMISSION_DENIED"
            # It says goodbye, and the daemon's end waits for no page.
            daemon.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0
            assert await somebody.closed() == 1001


async def test_elsewhere_it_is_served_over_tls(tmp_path: Path) -> None:
    section = f'listen = "0.0.0.0:0"\ntokens = "{tmp_path}/tokens"'
    with with_dashboard(tmp_path, section) as daemon:
        url = url_of(daemon).replace("0.0.0.0", "127.0.0.1")
        assert url.startswith("https://")
        async with visit(url, tls=daemon.tls) as alice:
            assert (await alice.log_in(ALICE))["role"] == "operator"


def test_tokens_that_cannot_be_used_stop_the_start(tmp_path: Path) -> None:
    file, tokens = tmp_path / "householdd.toml", tmp_path / "tokens"
    file.write_text(f'[dashboard]\nlisten = "127.0.0.1:0"\ntokens = "{tokens}"\n')
    tokens.write_text("alice\n")
    tokens.chmod(0o600)
    places = ("--listen", "127.0.0.1:0", "--runtime-dir", str(tmp_path / "run"), "--state-dir", str(tmp_path / "state"))
    done = subprocess.run(
        [sys.executable, "-m", "householdd", "--dev", "--config", str(file), *places],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    problem = f"householdd: dashboard.tokens: {tokens}, line 1: write NAME ROLE TOKEN"
    assert done.stderr.splitlines()[-1] == problem
