"""Clients whose kernel acknowledges while nothing above it answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from household.v1 import session_pb2 as pb
from tests.daemon import Daemon, running, wait_until
from tests.websocket_clients import OldPage, client
from tests.worker import sessions
from tests.worker.load import Order
from tests.worker.raw_client import RawClient


@pytest.fixture(scope="module")
def impatient_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that waits five seconds for an answer, and not longer for anybody."""
    with running(tmp_path_factory.mktemp("daemon")) as daemon:
        done = daemon.ctl("timeouts", "set", "inactivity=5s")
        assert done.returncode == 0, done.stderr
        yield daemon


@contextlib.contextmanager
def old_page(daemon: Daemon, user_id: str) -> Iterator[subprocess.Popen[bytes]]:
    """An old page in a process of its own."""
    order = Order(daemon.ws_url, str(daemon.directory / "state" / "dev-ca.pem"), [user_id], 0.0)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.worker.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(order))
        process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("user_id", ["alex_frozen", "computer_frozen?throughput=50"])
def test_a_stopped_client_is_frozen_and_not_closed_by_probes(shared_daemon: Daemon, user_id: str) -> None:
    """Its kernel takes payload until the buffer is full, and then the window is shut; it is frozen either way."""
    label = user_id.partition("?")[0]

    def found(verdict: str) -> list[pb.Session]:
        return shared_daemon.list_sessions(f"user_id = {label} AND verdict = {verdict}")

    with old_page(shared_daemon, user_id) as page:
        wait_until(lambda: found("live") and found("live")[0].round_trip.ToMicroseconds(), "a live session")
        assert found("frozen") == found("silent") == []
        os.kill(page.pid, signal.SIGSTOP)
        wait_until(lambda: found("frozen"), "frozen")
        (frozen,) = found("frozen")
        assert frozen.answer_age.ToMilliseconds() >= 1500
        assert shared_daemon.list_sessions(f"user_id = {label} AND answer_age < 1s") == []
        # Longer than a silent client is given.
        wait_until(lambda: sessions.get(shared_daemon, frozen.id).answer_age.ToSeconds() >= 6, "six seconds")
        still = sessions.get(shared_daemon, frozen.id)
        assert (still.verdict, still.probe_failures) == (pb.VERDICT_FROZEN, 0)
        assert still.state in (pb.SESSION_STATE_ACTIVE, pb.SESSION_STATE_QUIET)
        os.kill(page.pid, signal.SIGCONT)
        wait_until(lambda: found("live"), "live again")
        assert sessions.get(shared_daemon, frozen.id).state == pb.SESSION_STATE_ACTIVE
    sessions.closed(shared_daemon, frozen.id)


def test_a_client_that_never_answers_has_payload_until_its_inactivity_timeout(impatient_daemon: Daemon) -> None:
    raw = RawClient(impatient_daemon, "alex")
    session_id = raw.session_id
    raw.read(seconds=3)
    frozen = sessions.get(impatient_daemon, session_id)
    assert (frozen.state, frozen.verdict) == (pb.SESSION_STATE_ACTIVE, pb.VERDICT_FROZEN)
    assert (frozen.evidence_kind, frozen.probe_failures) == (pb.EVIDENCE_KIND_ACK, 0)
    assert frozen.evidence_age.ToMilliseconds() < 1000
    assert frozen.answer_age == frozen.age
    raw.read(lambda: raw.protocol.close_rcvd)
    assert raw.protocol.close_rcvd is not None
    assert raw.protocol.close_rcvd.code == 1008
    assert raw.messages[-1]["reason"] == "inactive"
    raw.close()
    ended = sessions.closed(impatient_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_INACTIVE
    assert 5 <= ended.age.ToMilliseconds() / 1e3 < 8
    assert ended.sent_bytes == sum(size for _, size in raw.arrivals)


def test_a_client_that_reads_nothing_is_closed_for_inactivity(impatient_daemon: Daemon) -> None:
    raw = RawClient(impatient_daemon, "computer?throughput=50", receive_buffer=8192)
    session_id = raw.session_id
    ended = sessions.closed(impatient_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_INACTIVE
    assert ended.probe_failures == 0
    # Five seconds for an answer, two for the closing handshake that it does not read.
    assert 7 <= ended.age.ToMilliseconds() / 1e3 < 10
    raw.close()


def test_a_pong_to_no_ping_of_ours_is_no_answer(impatient_daemon: Daemon) -> None:
    raw = RawClient(impatient_daemon, "alex")
    session_id = raw.session_id
    while not raw.protocol.close_rcvd:
        raw.read(seconds=0.2)
        raw.pong(b"made up")
    raw.close()
    ended = sessions.closed(impatient_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_INACTIVE
    assert ended.evidence_kind == pb.EVIDENCE_KIND_ACK
    assert not ended.HasField("round_trip")


async def test_a_client_that_answers_outlives_the_inactivity_timeout(impatient_daemon: Daemon) -> None:
    async with client(impatient_daemon, "alex", OldPage) as page:
        await page.until(lambda: page.messages)
        session = await sessions.becomes(impatient_daemon, page.session_id, lambda it: it.age.ToSeconds() >= 7)
    assert (session.state, session.verdict) == (pb.SESSION_STATE_ACTIVE, pb.VERDICT_LIVE)
    assert session.effective_inactivity.ToSeconds() == 5
