from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections import Counter
from typing import Any

import grpc
import pytest

from household.v1 import session_pb2
from household.v1 import session_service_pb2 as pb
from tests.daemon import Daemon, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.websocket_clients import OldPage, client

HUNDRED = 102


class Watch:
    """A watch in the background, and what it has told so far."""

    def __init__(self, daemon: Daemon, filter_text: str = "") -> None:
        self.messages: list[pb.WatchSessionsResponse] = []
        self._call: Any = daemon.sessions.WatchSessions(pb.WatchSessionsRequest(filter=filter_text))
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            for message in self._call:
                self.messages.append(message)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise

    def events(self) -> Counter[str]:
        return Counter(pb.WatchEvent.Name(message.event).removeprefix("WATCH_EVENT_") for message in self.messages)

    def stop(self) -> None:
        self._call.cancel()
        self._reader.join()


async def test_a_hundred_sessions_are_listed_filtered_paged_and_watched(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    # A customer for all of them.
    assert daemon.ctl("config", "set", "limits.max_sessions_per_address=1000").returncode == 0
    async with open_sessions(daemon, 3, "early"):
        watch = Watch(daemon)
        await asyncio.to_thread(wait_until, lambda: watch.events()["SNAPSHOT_END"], "the snapshot")
        async with open_sessions(daemon, HUNDRED):
            listed = await asyncio.to_thread(daemon.list_sessions)
            assert len(listed) == HUNDRED + 3

            jakes = await asyncio.to_thread(daemon.list_sessions, 'profile = "jake" AND test_id : run')
            assert len(jakes) == HUNDRED / 3
            assert {session.profile for session in jakes} == {"jake"}

            pages = [await asyncio.to_thread(_page, daemon, "")]
            while pages[-1].next_page_token:
                pages.append(await asyncio.to_thread(_page, daemon, pages[-1].next_page_token))
            paged = [session.user_id for page in pages for session in page.sessions]
            assert [len(page.sessions) for page in pages] == [40, 40, 25]
            assert paged == sorted(paged, reverse=True)
            assert len(paged) == len(listed)
            assert {page.total_size for page in pages} == {HUNDRED + 3}
        await asyncio.to_thread(wait_until, lambda: watch.events()["CLOSED"] == HUNDRED, "all closings")
        watch.stop()

    assert [message.sequence for message in watch.messages] == list(range(1, len(watch.messages) + 1))
    assert watch.events()["SNAPSHOT"] == 3
    assert watch.events()["OPENED"] == HUNDRED
    kinds = [message.event for message in watch.messages]
    assert kinds.index(pb.WATCH_EVENT_SNAPSHOT_END) == 3


def _page(daemon: Daemon, token: str) -> pb.ListSessionsResponse:
    request = pb.ListSessionsRequest(page_size=40, page_token=token, order_by="user_id desc")
    return daemon.sessions.ListSessions(request, timeout=10)


async def test_one_of_many_is_killed_and_the_others_notice_nothing(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    async with open_sessions(daemon, 12) as others, client(daemon, "alex_victim", OldPage) as victim:
        await victim.until(lambda: victim.kinds["session_info"])
        session_id = victim.last("session_info")["session_id"]
        before = [other.received_bytes for other in others]
        kill = ("-o", "json", "sessions", "kill", session_id, "--reason", "abuse", "--yes")
        killed = await asyncio.to_thread(daemon.ctl, *kill)
        assert killed.returncode == 0, killed.stderr
        # A control pass for the close, and room for a busy machine.
        await asyncio.wait_for(victim.connection.wait_closed(), 2)
        assert victim.connection.close_code == 1008
        assert victim.connection.close_reason == "closed by the operator: abuse"
        assert victim.last("session_complete")["detail"] == "abuse"

        ended = await asyncio.to_thread(_get, daemon, session_id)
        assert ended.state == session_pb2.SESSION_STATE_CLOSED
        assert ended.close_reason == session_pb2.CLOSE_REASON_KILLED
        # Jake may be in his four silent seconds; whoever plays or talks goes on.
        await asyncio.sleep(1)
        assert all(other.connection.close_code is None for other in others)
        steady = [other.received_bytes - start for other, start in zip(others, before, strict=True)][:2]
        assert all(count > 0 for count in steady)
        again = await asyncio.to_thread(daemon.ctl, *kill)
        assert "ALREADY_CLOSED" in again.stdout
        assert daemon.get_server().sessions == 12


def _get(daemon: Daemon, session_id: str) -> session_pb2.Session:
    session: session_pb2.Session = daemon.sessions.GetSession(pb.GetSessionRequest(id=session_id), timeout=10).session
    return session


async def test_kill_by_filter_hits_what_matches_and_nothing_else(daemon: Daemon) -> None:
    async with open_sessions(daemon, 9) as clients:
        request = pb.KillSessionsRequest(filter="profile = sarah", reason="maintenance")
        response = await asyncio.to_thread(lambda: daemon.sessions.KillSessions(request, timeout=10))
        assert len(response.results) == 3
        await asyncio.gather(*(clients[index].connection.wait_closed() for index in (1, 4, 7)))
        assert {session.profile for session in await asyncio.to_thread(daemon.list_sessions)} == {"alex", "jake"}


@pytest.mark.parametrize(
    ("request_", "field", "words"),
    [
        (pb.KillSessionsRequest(reason="r"), "selector", "exactly one of ids, filter and all"),
        (pb.KillSessionsRequest(all=True), "reason", "1 to 200 characters"),
        (pb.KillSessionsRequest(all=True, reason="x" * 201), "reason", "not 201"),
        (pb.KillSessionsRequest(all=False, reason="r"), "all", "must be true"),
        (pb.KillSessionsRequest(filter=" ", reason="r"), "filter", "to kill every session set all"),
        (pb.KillSessionsRequest(ids=pb.SessionIds(), reason="r"), "ids", "1 to 1000"),
        (pb.KillSessionsRequest(ids=pb.SessionIds(ids=["7"]), reason="r"), "ids[0]", "'7' is not a UUID"),
    ],
)
def test_a_kill_that_is_not_clear_kills_nothing(
    shared_daemon: Daemon, request_: pb.KillSessionsRequest, field: str, words: str
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        shared_daemon.sessions.KillSessions(request_, timeout=10)
    code, details = refused.value.code(), refused.value.details() or ""
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(f"{field}: ")
    assert words in details


async def test_sessions_of_a_killed_worker_are_reported_lost_to_watchers(daemon: Daemon) -> None:
    watch = Watch(daemon)
    await asyncio.to_thread(wait_until, lambda: watch.events()["SNAPSHOT_END"], "the snapshot")
    async with open_sessions(daemon, 3):
        await asyncio.to_thread(wait_until, lambda: watch.events()["OPENED"] == 3, "three openings")

        os.kill(daemon.worker_pids()[0], signal.SIGKILL)
        await asyncio.to_thread(wait_until, lambda: watch.events()["CLOSED"] == 3, "three closings")
    watch.stop()
    closed = [message.session for message in watch.messages if message.event == pb.WATCH_EVENT_CLOSED]
    assert {session.close_reason for session in closed} == {session_pb2.CLOSE_REASON_WORKER_LOST}


async def test_list_in_the_shell_is_what_the_api_says(daemon: Daemon) -> None:
    async with open_sessions(daemon, 3):
        listed = await asyncio.to_thread(daemon.ctl, "-o", "json", "sessions", "list", "--order-by", "user_id")
        assert [session["user_id"] for session in json.loads(listed.stdout)["sessions"]] == [
            "alex_run0",
            "jake_run0",
            "sarah_run0",
        ]
