"""Clients that stop answering, and clients that go."""

from __future__ import annotations

import time

import pytest

from household.v1 import session_pb2 as pb
from tests.daemon import Daemon, wait_until
from tests.websocket_clients import OldPage, client
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw

RATE = 1.5e6
"""Alex's download, bit/s."""


@pytest.mark.parametrize("user_id", ["alex", "computer?throughput=50"])
def test_a_client_whose_line_is_cut_gets_no_payload_after_a_probe_and_is_given_up(
    shared_daemon: Daemon, connect_raw: ConnectRaw, user_id: str
) -> None:
    raw = connect_raw(user_id)
    session_id = raw.session_id
    raw.read(seconds=1)
    raw.cut()
    wait_until(lambda: sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_QUIET, "quiet")
    quiet = sessions.get(shared_daemon, session_id)
    assert quiet.evidence_kind == pb.EVIDENCE_KIND_ACK
    assert quiet.evidence_age.ToMilliseconds() >= 1000
    assert quiet.probe_failures == 0
    wait_until(lambda: sessions.get(shared_daemon, session_id).verdict == pb.VERDICT_SILENT, "silent")
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_PROBES_FAILED
    assert ended.probe_failures == 3
    assert ended.sent_bytes == quiet.sent_bytes, "payload behind the shut gate"
    silence = ended.closed_at.ToMilliseconds() - ended.last_evidence_at.ToMilliseconds()
    assert 3999 <= silence < 6000


@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_a_client_that_comes_back_goes_on(shared_daemon: Daemon, connect_raw: ConnectRaw, seconds: float) -> None:
    raw = connect_raw("alex", answers_pings=True)
    session_id = raw.session_id
    raw.read(seconds=1)
    before = sessions.get(shared_daemon, session_id).sent_bytes
    raw.cut()
    time.sleep(seconds)
    if seconds > 1:
        assert sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_QUIET
    raw.mend()
    began = time.monotonic()
    # The kernel's retransmission timer has backed off, to 3 s at most after 2 s.
    wait_until(lambda: sessions.get(shared_daemon, session_id).evidence_age.ToMilliseconds() < 500, "evidence")
    raw.read(seconds=1)
    session = sessions.get(shared_daemon, session_id)
    assert session.state == pb.SESSION_STATE_ACTIVE
    assert (session.verdict, session.probe_failures) == (pb.VERDICT_LIVE, 0)
    took = seconds + time.monotonic() - began
    assert 0 < session.sent_bytes - before < RATE / 8 * (took + 0.5)


def test_payload_stops_behind_a_shut_window_and_returns_with_acknowledgements_without_a_flood(
    shared_daemon: Daemon, connect_raw: ConnectRaw
) -> None:
    raw = connect_raw("alex", receive_buffer=8192)
    session_id = raw.session_id
    wait_until(lambda: sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_QUIET, "quiet")
    before = sessions.get(shared_daemon, session_id)
    time.sleep(2)
    stuck = sessions.get(shared_daemon, session_id)
    assert stuck.sent_bytes == before.sent_bytes, "payload behind the shut gate"
    assert (stuck.state, stuck.verdict, stuck.probe_failures) == (pb.SESSION_STATE_QUIET, pb.VERDICT_FROZEN, 0)
    assert stuck.connection.unacked_segments == 0
    assert stuck.connection.unsent_bytes > 0
    began = time.monotonic()
    raw.read(seconds=1.5)
    took = time.monotonic() - began
    session = sessions.get(shared_daemon, session_id)
    assert (session.state, session.evidence_kind) == (pb.SESSION_STATE_ACTIVE, pb.EVIDENCE_KIND_ACK)
    # What became due meanwhile is gone; not even the usual catch-up of a quarter of a second is paid.
    assert 0 < session.sent_bytes - stuck.sent_bytes < RATE / 8 * (took + 0.1)


def test_an_answer_opens_the_gate_at_once(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex", receive_buffer=8192)
    session_id = raw.session_id
    wait_until(lambda: sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_QUIET, "quiet")
    raw.say(type="ping", timestamp=1)
    wait_until(lambda: sessions.get(shared_daemon, session_id).state == pb.SESSION_STATE_ACTIVE, "active")
    session = sessions.get(shared_daemon, session_id)
    assert (session.evidence_kind, session.verdict) == (pb.EVIDENCE_KIND_MESSAGE, pb.VERDICT_LIVE)


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
