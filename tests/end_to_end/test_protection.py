"""Customers at addresses of their own: 127.0.0.0/8 has enough of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from household.v1 import config_service_pb2 as pb
from household.v1 import server_service_pb2 as server_pb
from household.v1 import session_service_pb2 as session_pb
from tests.conftest import Householdd
from tests.daemon import Daemon, running, wait_until
from tests.websocket_clients import OldPage, client

PAGE = ("probe",) * 4 + ("alex", "sarah", "jake", "computer")


@pytest.fixture(autouse=True)
def _as_it_was(pair: Daemon) -> Iterator[None]:
    yield
    pair.config.ResetRuntimeConfig(pb.ResetRuntimeConfigRequest(), timeout=10)
    pair.sessions.ResetBreakers(session_pb.ResetBreakersRequest(all=True), timeout=10)


def limit(daemon: Daemon, *settings: str) -> None:
    done = daemon.ctl("config", "set", *(f"limits.{each}" for each in settings))
    assert done.returncode == 0, done.stderr


async def refusal(daemon: Daemon, user_id: str, source: str) -> tuple[int, int, str] | None:
    """Status, Retry-After and words for a client that is not let in; one that is, breaks off without a goodbye."""
    try:
        async with client(daemon, user_id, OldPage, source=source) as let_in:
            let_in.connection.transport.abort()
    except InvalidStatus as refused:
        response = refused.response
        return response.status_code, int(response.headers["Retry-After"]), (response.body or b"").decode().strip()
    return None


async def fail_until_refused(daemon: Daemon, source: str) -> str:
    """Sessions that break off, until every worker refuses any more; the words of it."""
    in_a_row = 0
    async with asyncio.timeout(60):
        while True:
            told = await refusal(daemon, "alex", source)
            in_a_row = in_a_row + 1 if told else 0
            if told and in_a_row == 12:
                return told[2]


async def test_an_address_whose_sessions_fail_is_refused_until_it_is_forgiven(pair: Daemon) -> None:
    limit(pair, "breaker_failures=6", "breaker_open=600s")
    words = await fail_until_refused(pair, "127.9.0.1")
    assert words.startswith("Too many sessions from your address ended unexpectedly; try again in ")
    told = await refusal(pair, "alex", "127.9.0.1")
    assert told is not None
    assert told[0] == 429
    assert 500 < told[1] <= 600
    async with client(pair, "alex", OldPage, source="127.9.0.2") as neighbour:
        await neighbour.payload()

    listed = await asyncio.to_thread(pair.ctl, "breakers", "list", "-o", "json")
    (breaker,) = json.loads(listed.stdout)["breakers"]
    assert (breaker["address"], breaker["state"], breaker["length"]) == ("127.9.0.1", "BREAKER_STATE_OPEN", "600s")
    assert breaker["failures"] >= 6
    refusals = (await asyncio.to_thread(pair.get_server)).totals.refusals
    assert {each.cause: each.count for each in refusals}[server_pb.REFUSAL_CAUSE_BREAKER] >= 13

    dry = await asyncio.to_thread(pair.ctl, "breakers", "reset", "127.9.0.1", "--dry-run")
    assert (dry.returncode, "127.9.0.1" in dry.stdout) == (0, True)
    assert await refusal(pair, "alex", "127.9.0.1") is not None
    done = await asyncio.to_thread(pair.ctl, "breakers", "reset", "127.9.0.0/24")
    assert done.returncode == 0, done.stderr
    again = await asyncio.to_thread(pair.ctl, "breakers", "reset", "127.9.0.1")
    assert (again.returncode, again.stderr) == (4, "warning: 127.9.0.1 had no open breaker\n")
    # At both workers, and what failed before is forgotten: it does not open again at the next failure.
    for _ in range(5):
        assert await refusal(pair, "alex", "127.9.0.1") is None


async def test_a_breaker_tries_again_by_itself(pair: Daemon) -> None:
    limit(pair, "breaker_failures=2", "breaker_open=1s")
    await fail_until_refused(pair, "127.9.1.1")

    for _ in range(600):
        with contextlib.suppress(InvalidStatus):
            async with client(pair, "alex", OldPage, source="127.9.1.1") as tried:
                await tried.payload()
                return
        await asyncio.sleep(0.1)
    pytest.fail("never let in again")


async def test_households_get_all_their_places_or_none(pair: Daemon) -> None:
    limit(pair, "max_sessions=20")
    async with contextlib.AsyncExitStack() as stack:

        async def enter(number: int, who: str) -> str | None:
            query, source = f"?test_id=run{number}", f"127.9.{number}.7"
            try:
                await stack.enter_async_context(client(pair, who, OldPage, query, source=source))
            except InvalidStatus as refused:
                return (refused.response.body or b"").decode().strip()
            return None

        # Probes first, as the page does; meanwhile others come.
        assert [await enter(number, who) for number in (1, 2) for who in PAGE[:4]] == [None] * 8
        full = "No room for a household in 20 sessions; try again in 10 s."
        # A place that a session took at the other worker is counted twice until the next control pass,
        # so all twenty may seem taken.
        told = [await enter(number, "probe") for number in range(3, 7)]
        assert set(told) <= {full, "Full with 20 sessions; try again in 10 s."}
        assert [await enter(number, who) for number in (1, 2) for who in PAGE[4:]] == [None] * 8
        # The page asks for the reason without an upgrade, the same URL.
        url = f"{pair.url}ws/virtual-household/probe?test_id=run9"

        def row() -> tuple[bool, str]:
            with urllib.request.urlopen(url, context=pair.tls) as answer:
                told = json.load(answer)
            return told["redirect"], told["refused"]

        await asyncio.to_thread(wait_until, lambda: row() == (True, full), "the same reason")
    await asyncio.to_thread(wait_until, lambda: not pair.list_sessions(), "the end of all sessions")


async def test_a_run_makes_no_more_than_twice_a_household(pair: Daemon) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            jake = await stack.enter_async_context(client(pair, "jake_1", OldPage))
            # Counted by then; a worker that is quick with the next one would not know of it yet.
            await jake.opened()
        told = await refusal(pair, "jake_1", "127.0.0.1")
        assert told == (429, 10, "This run has 2 sessions of jake already; try again in 10 s.")


async def test_a_computer_has_eight_connections_in_one_place(pair: Daemon) -> None:
    # Twice a household's places, because one that a session took at the other worker counts twice until the next
    # control pass.
    limit(pair, "max_sessions_per_address=18", "handshakes_per_second_per_address=1")
    async with contextlib.AsyncExitStack() as stack:

        async def enter(who: str, query: str) -> None:
            opening = client(pair, who, OldPage, f"?test_id=1{query}", source="127.9.20.1")
            await (await stack.enter_async_context(opening)).opened()

        for who in (*PAGE, "backup"):
            await enter(who, "")
        for who in ("computer", "backup"):
            for _ in range(7):
                await enter(who, "&throughput=1&parallel=1")
        assert len(await asyncio.to_thread(pair.list_sessions)) == 23
    await asyncio.to_thread(wait_until, lambda: not pair.list_sessions(), "the end of all sessions")
    assert await refusal(pair, "computer_1?parallel=1", "127.9.20.1") == (
        429,
        10,
        "There is no session of computer in this run to join; try again in 10 s.",
    )


async def test_one_address_takes_its_share_of_new_sessions_and_no_more(pair: Daemon) -> None:
    limit(pair, "handshakes_per_second_per_address=1", "breaker_failures=1000", "breaker_failures_per_profile=1000")
    # The mean of ten seconds; a new turn of the window may begin meanwhile.
    told = [await refusal(pair, "alex", "127.9.2.1") for _ in range(30)]
    refused = [each for each in told if each is not None]
    assert 10 <= len(refused) <= 20
    assert {each[0] for each in refused} == {429}
    assert refused[0][2] == "Too many new sessions from your address; try again in 2 s."
    assert await refusal(pair, "alex", "127.9.2.2") is None


async def test_pages_of_other_sites_open_sessions_only_where_they_may(tmp_path: Path) -> None:
    config = tmp_path / "householdd.toml"
    config.write_text('session_origins = ["https://isp.example"]\nrequire_origin = true\n')
    with running(tmp_path, "--config", str(config)) as daemon:
        own = daemon.url.rstrip("/")
        for origin in (own, own.upper().replace("HTTPS", "https"), "https://isp.example"):
            async with client(daemon, "alex", OldPage, headers={"Origin": origin}) as welcome:
                await welcome.payload()
        for headers, words in (
            ({"Origin": "https://evil.example"}, "Pages of this site may not open sessions here."),
            ({"Origin": "null"}, "Pages of this site may not open sessions here."),
            ({}, "Only web pages may open sessions here: send an Origin header."),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with client(daemon, "alex", OldPage, headers=headers):
                    pass
            response = refused.value.response
            assert (response.status_code, (response.body or b"").decode().strip()) == (403, words)
            assert "Retry-After" not in response.headers
        assert [each.count for each in daemon.get_server().totals.refusals] == [3]
        # Our own page names no origin when it asks for the reason.
        with await asyncio.to_thread(
            urllib.request.urlopen, f"{daemon.url}ws/virtual-household/alex", context=daemon.tls
        ) as answer:
            assert "refused" not in json.load(answer)


FOREIGN = "https://central.example"


async def foreign_refusal(daemon: Daemon, user_id: str, origin: str = FOREIGN) -> tuple[int, str] | None:
    try:
        async with client(daemon, user_id, OldPage, headers={"Origin": origin}) as page:
            await page.opened()
    except InvalidStatus as refused:
        return refused.response.status_code, (refused.response.body or b"").decode().strip()
    return None


async def test_a_site_that_only_the_star_lets_in_has_one_household_of_each_visitor(pair: Daemon) -> None:
    nameless = (403, "Pages of other sites must name their run: the request has no test_id.")
    assert await foreign_refusal(pair, "alex") == nameless
    async with contextlib.AsyncExitStack() as stack:
        for who in ("alex", "sarah", "jake", "computer"):
            page = client(pair, f"{who}_1", OldPage, headers={"Origin": FOREIGN})
            await (await stack.enter_async_context(page)).opened()
        busy = (429, "Pages of other sites run one household at a time from your address; try again in 10 s.")
        assert await foreign_refusal(pair, "alex_2") == busy
        assert await foreign_refusal(pair, "alex_2", "https://evil.example") == busy
        assert await foreign_refusal(pair, "alex_2", pair.url.rstrip("/")) is None
        # The page asks for the reason, as a browser hides the answer to an upgrade.
        request = urllib.request.Request(f"{pair.url}ws/virtual-household/alex_2", headers={"Origin": FOREIGN})
        with await asyncio.to_thread(urllib.request.urlopen, request, context=pair.tls) as answer:
            assert json.load(answer)["refused"] == busy[1]
    await asyncio.to_thread(wait_until, lambda: not pair.list_sessions(), "the end of all sessions")
    assert await foreign_refusal(pair, "alex_2") is None


@pytest.mark.parametrize(
    ("configured", "warned"),
    [
        ({}, True),
        ({"HOUSEHOLDD_SESSION_ORIGINS": '["https://isp.example"]'}, False),
        ({"HOUSEHOLDD_SESSION_ORIGINS": '["https://isp.example", "*"]'}, True),
        ({"HOUSEHOLDD_SESSION_ORIGINS": "[]"}, False),
        ({"HOUSEHOLDD_TOKENS__SECRET_FILE": "secret"}, False),
    ],
)
def test_check_config_warns_while_every_site_may_run_tests(
    householdd: Householdd, tmp_path: Path, configured: dict[str, str], warned: bool
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    secret.chmod(0o600)
    env = {name: str(secret) if value == "secret" else value for name, value in configured.items()}
    status, shown, _ = householdd("--dev", "check-config", env=env)
    assert status == 0
    assert any(line.startswith("warning: pages of every site") for line in shown.splitlines()) is warned


def test_a_start_warns_only_while_every_site_may_run_tests(shared_daemon: Daemon, tmp_path: Path) -> None:
    assert shared_daemon.events("open to every site")
    with running(tmp_path, env={"HOUSEHOLDD_SESSION_ORIGINS": '["https://isp.example"]'}) as daemon:
        assert not daemon.events("open to every site")
