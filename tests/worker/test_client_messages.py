"""Every message of a client, and what it does to its session."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from household.v1 import session_pb2 as pb
from tests.daemon import Daemon
from tests.websocket_clients import Client, client
from tests.worker import sessions


@pytest.fixture
async def alex(shared_daemon: Daemon) -> AsyncIterator[Client]:
    """A client that answers nothing but WebSocket pings."""
    async with client(shared_daemon, "alex", Client) as alex:
        await alex.until(lambda: alex.kinds["real_time_update"])
        yield alex


async def settled(alex: Client) -> None:
    """Returns once the server has taken all that was sent so far."""
    pongs = alex.kinds["pong"]
    await alex.send(type="ping", timestamp=0)
    await alex.until(lambda: alex.kinds["pong"] > pongs)


@pytest.mark.parametrize("echo", ["sequence", "timestamp", "client_timestamp"])
async def test_a_pong_gives_the_round_trip_whatever_it_echoes(alex: Client, echo: str) -> None:
    await alex.until(lambda: alex.kinds["ping"])
    ping = alex.last("ping")
    value = ping["sequence"] if echo == "sequence" else ping["timestamp"]
    await alex.send(type="pong", **{echo: value})
    await alex.until(lambda: alex.last("real_time_update")["latency_metrics"]["total_pings"] == 1)
    # Once: the same answer again counts no more.
    await alex.send(type="pong", **{echo: value})
    updates = alex.kinds["real_time_update"]
    await alex.until(lambda: alex.kinds["real_time_update"] > updates + 1)
    assert alex.last("real_time_update")["latency_metrics"]["total_pings"] == 1


async def test_a_pong_to_no_ping_of_ours_measures_nothing(alex: Client) -> None:
    await alex.send(type="pong", sequence=999, timestamp=1, client_timestamp=1, server_time=1)
    updates = alex.kinds["real_time_update"]
    await alex.until(lambda: alex.kinds["real_time_update"] > updates + 1)
    assert alex.last("real_time_update")["ping_ms"] is None


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping", "timestamp": 1},
        {"type": "pong", "sequence": 999},
        {"type": "connection_test_response", "user_id": "alex", "timestamp": 1, "client_timestamp": 2},
        {"type": "real_upload_data", "size": 5},
        {"type": "bulk_upload_data", "size": 5},
        {"type": "client_confirmation", "received_bytes": 1, "sent_bytes": 2, "timestamp": 3},
        {"type": "start_traffic", "targetThroughput": 0.5},
        {"type": "request_download", "size": 5},
        {"type": "download_response", "size": 5},
        {"type": "never_heard_of"},
    ],
    ids=lambda message: message["type"],
)
async def test_every_message_is_evidence(shared_daemon: Daemon, alex: Client, message: dict[str, object]) -> None:
    await sessions.becomes(shared_daemon, alex.session_id, lambda it: it.evidence_kind == pb.EVIDENCE_KIND_PONG)
    before = sessions.get(shared_daemon, alex.session_id)
    await alex.send(**message)
    after = await sessions.becomes(
        shared_daemon,
        alex.session_id,
        lambda it: it.last_evidence_at.ToNanoseconds() > before.last_evidence_at.ToNanoseconds(),
    )
    assert after.evidence_kind in (pb.EVIDENCE_KIND_MESSAGE, pb.EVIDENCE_KIND_PONG)
    assert alex.kinds["error"] == 0


async def test_upload_is_counted_from_binary_only_and_once(shared_daemon: Daemon, alex: Client) -> None:
    await alex.send(type="real_upload_data", size=1_000_000)
    await alex.send(type="bulk_upload_data", size=1_000_000)
    await alex.connection.send(bytes(70_000))
    await alex.send(type="client_confirmation", received_bytes=1_000_000, sent_bytes=1_000_000)
    await settled(alex)
    assert sessions.get(shared_daemon, alex.session_id).received_bytes == 70_000


async def test_a_clients_own_totals_are_shown_beside_ours(alex: Client) -> None:
    await alex.send(type="client_confirmation", received_bytes=123, sent_bytes=456, timestamp=1)
    await alex.until(lambda: alex.last("real_time_update")["client_received_bytes"] == 123)
    update = alex.last("real_time_update")
    assert update["client_sent_bytes"] == 456
    assert update["server_received_bytes"] == 0
    assert update["server_sent_bytes"] != 123


@pytest.mark.parametrize("kind", ["start_traffic", "request_download"])
async def test_a_wish_lowers_the_rate_and_never_raises_it(shared_daemon: Daemon, alex: Client, kind: str) -> None:
    targets = []
    for wish in (500, 1.2, 1.4, 0.75, -1, 0, 1e300):
        await alex.send(type=kind, targetThroughput=wish, size=1000)
        await settled(alex)
        targets.append(sessions.get(shared_daemon, alex.session_id).target_download_bps)
    assert targets == [1.5e6, 1.2e6, 1.2e6, 0.75e6, 0.75e6, 0.75e6, 0.75e6]


async def test_a_download_response_does_nothing(shared_daemon: Daemon, alex: Client) -> None:
    await alex.send(type="download_response", size=10**6)
    await settled(alex)
    session = sessions.get(shared_daemon, alex.session_id)
    assert (session.received_bytes, session.target_download_bps) == (0, 1.5e6)
