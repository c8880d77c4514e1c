"""Whole sessions of the deployed clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from household.v1 import history_service_pb2 as history_pb
from household.v1 import session_pb2 as pb
from household.v1 import session_service_pb2
from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.session.session import MIN_READ_BYTES
from tests.daemon import Daemon, running, wait_until
from tests.websocket_clients import Client, OldPage, OldWorker, client
from tests.worker import sessions
from tests.worker.http_client import ask


async def updated(page: OldPage) -> None:
    """Returns after three seconds of the session."""
    await page.until(lambda: page.kinds["real_time_update"] > 12)


async def test_a_household_of_the_old_page_is_four_sessions_of_one_run(shared_daemon: Daemon) -> None:
    users = ("alex", "sarah", "jake", "computer")
    contexts = [client(shared_daemon, user, OldPage, "?test_id=1754800000&throughput=20") for user in users]
    pages = await asyncio.gather(*(context.__aenter__() for context in contexts))
    for page in pages:
        await updated(page)
    live = shared_daemon.list_sessions('test_id = "1754800000"')
    assert {session.profile for session in live} == set(users)
    assert len({session.id for session in live}) == 4
    for page, user in zip(pages, users, strict=True):
        session = sessions.get(shared_daemon, page.session_id)
        assert session.state == pb.SESSION_STATE_ACTIVE
        assert session.probe_failures == 0
        assert page.kinds["connection_test"] >= 2, "asked, though this client never answers"
        assert page.received_bytes > 0
        assert 0 < session.received_bytes <= page.sent_bytes
        await page.send(type="stop_test", user_id=user)
    await asyncio.gather(*(page.connection.wait_closed() for page in pages))
    for context in contexts:
        await context.__aexit__(None, None, None)
    for page in pages:
        assert page.connection.close_code == 1000
        assert page.order[-2:] == ["stop_test_ack", "session_complete"]
        ended = sessions.closed(shared_daemon, page.session_id)
        assert ended.close_reason == pb.CLOSE_REASON_CLIENT_STOPPED
        assert ended.received_bytes == page.sent_bytes


async def test_the_old_worker_answers_pings_itself_and_returns_after_a_close(shared_daemon: Daemon) -> None:
    async def life() -> OldWorker:
        async with client(shared_daemon, "sarah_55", OldWorker) as worker:
            await worker.send(type="start_traffic", targetThroughput=2.5)
            await worker.send(type="ping", timestamp=1754800000000, sequence=1)
            await worker.until(
                lambda: worker.kinds["pong"] and worker.kinds["connection_test"] > 1 and worker.kinds["ping"] > 2
            )
            session = sessions.get(shared_daemon, worker.session_id)
            assert session.round_trip.ToMicroseconds() > 0
            assert worker.last("real_time_update")["latency_metrics"]["total_pings"] > 0
            ids = session_service_pb2.SessionIds(ids=[session.id])
            shared_daemon.sessions.KillSessions(
                session_service_pb2.KillSessionsRequest(ids=ids, reason="go"), timeout=10
            )
            await worker.connection.wait_closed()
        return worker

    first = await life()
    assert first.connection.close_code == 1008
    await asyncio.sleep(1)
    second = await life()
    assert second.session_id != first.session_id
    assert sessions.closed(shared_daemon, first.session_id).close_reason == pb.CLOSE_REASON_KILLED


class UploadingWorker(OldWorker):
    """The worker as it was published: it uploads by itself, and answers no request for an upload."""

    async def answer(self, message: dict[str, Any]) -> None:
        if message["type"] != "real_upload_request":
            await super().answer(message)

    async def play(self, target_bps: float, ratio: float, packet: int) -> None:
        """Do what ``startTrafficGeneration`` does, until cancelled."""
        await self.send(type="start_traffic", targetThroughput=target_bps, uploadRatio=ratio, packetSize=packet)
        await self.send(type="request_download", throughput=target_bps * (1 - ratio), packetSize=packet)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.connection.send(bytes(packet))
                self.sent_bytes += packet
                await asyncio.sleep(packet * 8 / (target_bps * ratio))


@pytest.mark.parametrize(
    ("who", "ratio", "packet"),
    [("gamer", 0.7, 1000), ("worker", 0.5, 1400), ("streamer", 0.1, 8000), ("downloader", 0.4, 16000)],
)
async def test_the_old_workers_own_upload_is_read_as_its_profile_or_slowly_and_ends_nothing(
    shared_daemon: Daemon, who: str, ratio: float, packet: int
) -> None:
    async with client(shared_daemon, who, UploadingWorker, "?dscp=BE&throughput=10000000") as worker:
        playing = asyncio.create_task(worker.play(10e6, ratio, packet))
        await worker.until(lambda: worker.kinds["real_time_update"] and elapsed(worker) > 10, timeout_s=60)
        session = sessions.get(shared_daemon, worker.session_id)
        assert session.state == pb.SESSION_STATE_ACTIVE
        assert session.verdict == pb.VERDICT_LIVE
        assert session.probe_failures == 0
        update = worker.last("real_time_update")
        target = update["target_upload_mbps"] * 1e6 / 8 * update["elapsed_seconds"]
        most = max(target, MIN_READ_BYTES / PASS_INTERVAL_S * update["elapsed_seconds"])
        assert 0.5 * min(target, worker.sent_bytes) < update["server_received_bytes"] <= 1.1 * most + MIN_READ_BYTES
        wanted = min(update["target_download_mbps"], 10) * 1e6 / 8 * update["elapsed_seconds"]
        assert worker.received_bytes > 0.5 * wanted
        playing.cancel()


def elapsed(worker: Client) -> float:
    return float(worker.last("real_time_update")["elapsed_seconds"])


async def test_a_household_of_old_clients_leaves_a_run_as_the_server_saw_it(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as daemon:
        async with contextlib.AsyncExitStack() as stack:
            users = ("alex", "sarah", "jake", "computer")
            pages = [
                await stack.enter_async_context(client(daemon, user, OldPage, "?test_id=1754800000&throughput=20"))
                for user in users
            ]
            # Somebody's single session is no household.
            await (await stack.enter_async_context(client(daemon, "alex_1", OldPage))).opened()
            for page in pages:
                await lasted(page, 6)
            for page in pages:
                await page.send(type="stop_test", user_id="x")
                await page.connection.wait_closed()
        await asyncio.to_thread(
            wait_until, lambda: runs(daemon) and len(found(daemon).sessions) == 4, "run and sessions"
        )
        (run,) = runs(daemon)
        assert (run.source, run.client, run.test_id) == (history_pb.RUN_SOURCE_SERVER, "server", "1754800000")
        # Nothing is concluded: there was no idle line, and a browser's delay may be its own.
        assert (run.valid, run.grade, run.HasField("baseline")) == (False, history_pb.GRADE_UNSPECIFIED, False)
        # On loopback the kernel saw neither a queue nor a slow server, and nothing but the device limits the rate.
        assert run.cause in (history_pb.CAUSE_LINE, history_pb.CAUSE_UNKNOWN, history_pb.CAUSE_SERVER)
        assert run.witness == history_pb.WITNESS_UNSPECIFIED
        if run.cause == history_pb.CAUSE_LINE:
            assert run.HasField("kernel_increase_p95")
        answer = found(daemon)
        report = json.loads(answer.report)
        assert {person["who"] for person in report["people"]} == set(users)
        assert report["invalid"] == ["too_few_samples"]
        sarah = next(person for person in report["people"] if person["who"] == "sarah")
        assert sarah["download"]["wanted_bps"] == 2.5e6
        assert 0.5 < sarah["download"]["got_bps"] / 2.5e6 < 1.2
        assert 0.5 < sarah["upload"]["got_bps"] / 2.5e6 < 1.2
        assert sarah["latency"]["count"] > 5
        assert 0 < sarah["latency"]["p50_ms"] <= sarah["latency"]["p95_ms"]
        assert {record.session.profile for record in answer.sessions} == set(users)
        shown = daemon.ctl("history", "show", run.id)
        assert "as the server saw them" in shown.stdout, shown.stdout + shown.stderr
        shared = ask(daemon, f"/virtual-household/runs/{run.id}").json
        assert (shared["source"], shared["valid"], shared["grade"]) == ("server", False, None)


async def lasted(page: Client, seconds: float) -> None:
    await page.until(lambda: page.kinds["real_time_update"] and elapsed(page) > seconds, timeout_s=60)


def found(daemon: Daemon) -> history_pb.GetRunResponse:
    """Return the only run."""
    (run,) = runs(daemon)
    return daemon.history.GetRun(history_pb.GetRunRequest(id=run.id), timeout=10)


def runs(daemon: Daemon) -> list[history_pb.Run]:
    return list(daemon.history.ListRuns(history_pb.ListRunsRequest(), timeout=10).runs)
