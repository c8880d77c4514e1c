"""Which URL opens which session."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.daemon import Daemon
from tests.websocket_clients import Client, client
from tests.worker import sessions
from tests.worker.http_client import ask


@pytest.mark.parametrize(
    ("who", "profile"),
    [
        ("alex", "alex"),
        ("sarah", "sarah"),
        ("jake", "jake"),
        ("computer", "computer"),
        ("gamer", "alex"),
        ("worker", "sarah"),
        ("streamer", "jake"),
        ("downloader", "computer"),
        ("Alex", "alex"),
    ],
)
async def test_keys_and_old_aliases_name_profiles(shared_daemon: Daemon, who: str, profile: str) -> None:
    async with client(shared_daemon, who, Client) as page:
        await page.until(lambda: page.messages)
        session = sessions.get(shared_daemon, page.session_id)
    assert (session.profile, session.user_id, session.test_id) == (profile, who, "")


@pytest.mark.parametrize(
    ("url", "user_id", "test_id"),
    [
        ("alex_1754800000", "alex_1754800000", "1754800000"),
        ("alex?test_id=1754800000", "alex", "1754800000"),
        ("alex_1?test_id=2", "alex_1", "2"),
        ("alex_run_of-today.1", "alex_run_of-today.1", "run_of-today.1"),
        ("alex?dscp=46&test_id=3&other=x", "alex", "3"),
    ],
)
async def test_the_run_is_named_by_suffix_or_query(shared_daemon: Daemon, url: str, user_id: str, test_id: str) -> None:
    async with client(shared_daemon, url, Client) as page:
        await page.until(lambda: page.messages)
        session = sessions.get(shared_daemon, page.session_id)
    assert (session.profile, session.user_id, session.test_id) == ("alex", user_id, test_id)


@pytest.mark.parametrize("url", ["bob", "bob_1", "", "alex/x", "alex_", "_1", "alex?test_id=a%20b", "%00", "al%65x%2F"])
async def test_anything_else_is_refused_before_the_upgrade(shared_daemon: Daemon, url: str) -> None:
    before = shared_daemon.get_server().totals
    with pytest.raises(InvalidStatus) as refusal:
        await connect(shared_daemon.ws_url + url, ssl=shared_daemon.tls, proxy=None)
    after = shared_daemon.get_server().totals
    assert refusal.value.response.status_code == 404
    assert after.sessions_opened == before.sessions_opened
    assert after.handshakes_refused == before.handshakes_refused + 1


def test_the_refusal_says_who_is_known(shared_daemon: Daemon) -> None:
    answer = ask(shared_daemon, "/ws/virtual-household/bob")
    assert answer.status == 404
    assert b"alex, sarah, jake, computer" in answer.body


@pytest.mark.parametrize(
    ("user_id", "wish", "megabits"),
    [
        ("alex", "0.5", 0.5),
        ("alex", "100", 1.5),
        ("alex", "auto", 1.5),
        ("alex", "nan", 1.5),
        ("alex", "inf", 1.5),
        ("alex", "-1", 1.5),
        ("alex", "0", 1.5),
        ("computer", "50", 50),
        # The wish is for the rate of the burst, which takes one second of five.
        ("jake", "10", 2),
    ],
)
async def test_a_wish_lowers_the_rate_and_never_raises_it(
    shared_daemon: Daemon, user_id: str, wish: str, megabits: float
) -> None:
    async with client(shared_daemon, user_id, Client, f"?throughput={wish}") as page:
        await page.until(lambda: page.kinds["real_time_update"])
        session = sessions.get(shared_daemon, page.session_id)
        assert page.last("real_time_update")["target_download_mbps"] == pytest.approx(megabits)
    assert session.target_download_bps == pytest.approx(megabits * 1e6)
