"""Clients that stop answering, and clients that go."""

from __future__ import annotations

import time

import pytest

from household.v1 import session_pb2 as pb
from tests.clients import OldPage, client
from tests.daemon import Daemon, wait_until
from tests.dataplane import sessions
from tests.dataplane.conftest import ConnectRaw


@pytest.mark.parametrize("user_id", ["alex", "computer?throughput=50"])
def test_a_client_that_never_answers_gets_no_payload_after_a_probe_and_is_given_up(
    shared_daemon: Daemon, connect_raw: ConnectRaw, user_id: str
) -> None:
    raw = connect_raw(user_id)
    opened = time.monotonic()
    session_id = raw.session_id
    raw.read(seconds=opened + 2 - time.monotonic())
    quiet = sessions.get(shared_daemon, session_id)
    assert quiet.state == pb.SESSION_STATE_QUIET
    assert quiet.probe_failures >= 1
    before = len(raw.arrivals)
    raw.read()
    assert raw.ended
    assert len(raw.arrivals) == before, "payload behind the shut gate"
    assert raw.arrivals[-1][0] - opened < 1.5
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_PROBES_FAILED
    assert ended.evidence_kind == pb.EVIDENCE_KIND_HANDSHAKE
    assert 2.5 < ended.age.ToMilliseconds() / 1e3 < 6
    assert ended.sent_bytes == sum(size for _, size in raw.arrivals)


def test_payload_returns_with_evidence_and_without_a_flood(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    session_id = raw.session_id
    wait_until(lambda: sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_QUIET, "quiet")
    raw.read(seconds=1.2)
    before, said = len(raw.arrivals), time.monotonic()
    raw.say(type="ping", timestamp=1)
    raw.read(seconds=0.2)
    took = time.monotonic() - said
    assert sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_ACTIVE
    # What became due meanwhile is gone; not even the usual catch-up of a quarter of a second is paid.
    assert 0 < sum(size for _, size in raw.arrivals[before:]) < 1.5e6 / 8 * (took + 0.1)


def test_a_pong_to_no_ping_of_ours_is_no_evidence(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    session_id = raw.session_id
    while not raw.ended:
        raw.read(seconds=0.2)
        if not raw.ended:
            raw.pong(b"made up")
    assert sessions.closed(shared_daemon, session_id).close_reason == pb.CLOSE_REASON_PROBES_FAILED


def test_a_reset_ends_the_session_at_once(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    session_id = raw.session_id
    raw.reset()
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_CONNECTION_LOST
    assert ended.age.ToSeconds() < 1


def test_an_end_without_a_close_frame_is_a_lost_connection(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    session_id = raw.session_id
    raw.close()
    assert sessions.closed(shared_daemon, session_id).close_reason == pb.CLOSE_REASON_CONNECTION_LOST


async def test_a_close_frame_is_a_clean_end(shared_daemon: Daemon) -> None:
    async with client(shared_daemon, "alex", OldPage) as page:
        await page.until(lambda: page.received_bytes)
    assert page.connection.close_code == 1000
    assert sessions.closed(shared_daemon, page.session_id).close_reason == pb.CLOSE_REASON_CLIENT_CLOSED


def test_afterwards_the_worker_holds_nothing(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    wait_until(
        lambda: (census := shared_daemon.get_server().workers[0].census).connections == census.sessions == 0,
        "no connection left",
    )
    idle = shared_daemon.get_server().workers[0].census
    raws = [connect_raw("alex") for _ in range(5)]
    for raw in raws:
        raw.reset()

    def given_back() -> bool:
        now = shared_daemon.get_server().workers[0].census
        return (now.sessions, now.connections, now.buffered_bytes) == (0, 0, 0) and (
            now.tasks <= idle.tasks and now.file_descriptors <= idle.file_descriptors
        )

    wait_until(given_back, "the idle level again")
