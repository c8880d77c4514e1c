"""Whole sessions of the deployed clients."""

from __future__ import annotations

import asyncio

from household.v1 import session_pb2 as pb
from household.v1 import session_service_pb2
from tests.clients import OldPage, OldWorker, client
from tests.daemon import Daemon
from tests.dataplane import sessions


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
