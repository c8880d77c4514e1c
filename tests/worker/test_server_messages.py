"""Every message of the server: when it comes, all its fields, and their types."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.frames import Opcode

from tests.daemon import Daemon
from tests.websocket_clients import OldPage, client
from tests.worker.conftest import ConnectRaw

NUMBER = (int, float)
MAYBE = (int, float, type(None))

PROFILE = {"name": str, "download_mbps": NUMBER, "upload_mbps": NUMBER, "description": str, "activity_type": str}
LATENCY = {
    "baseline_latency": MAYBE,
    "current_latency": MAYBE,
    "min_latency": MAYBE,
    "max_latency": MAYBE,
    "avg_latency": MAYBE,
    "latency_increase": MAYBE,
    "jitter": MAYBE,
    "total_pings": int,
    "ping_history_count": int,
    "baseline_established": bool,
    "bufferbloat_severity": str,
}
UPDATE = {
    "user_id": str,
    "profile_name": str,
    "target_upload_mbps": NUMBER,
    "target_download_mbps": NUMBER,
    "actual_upload_mbps": NUMBER,
    "actual_download_mbps": NUMBER,
    "cumulative_upload_mbps": NUMBER,
    "cumulative_download_mbps": NUMBER,
    "server_sent_bytes": int,
    "server_received_bytes": int,
    "client_received_bytes": NUMBER,
    "client_sent_bytes": NUMBER,
    "elapsed_seconds": NUMBER,
    "active": bool,
    "timestamp": NUMBER,
    "ping_ms": MAYBE,
    "jitter_ms": MAYBE,
    "bufferbloat_severity": str,
    "latency_metrics": dict,
    # Ours, beside what deployed clients know.
    "bufferbloat_level": str,
    "server_overloaded": bool,
    "server_limited": bool,
    "client_limited": bool,
    "server_tcp": dict,
}
FIELDS: dict[str, dict[str, Any]] = {
    "session_info": {
        "user_id": str,
        "profile": dict,
        "real_traffic": bool,
        "timestamp": NUMBER,
        # Ours, beside what deployed clients know.
        "session_id": str,
    },
    "ping": {"user_id": str, "sequence": int, "timestamp": NUMBER, "server_time": NUMBER},
    "pong": {
        "user_id": str,
        "sequence": NUMBER,
        "timestamp": NUMBER,
        "client_timestamp": NUMBER,
        "server_timestamp": NUMBER,
        "server_time": NUMBER,
    },
    "connection_test": {"user_id": str, "timestamp": NUMBER},
    "real_upload_request": {
        "target_bytes": int,
        "optimal_chunk_size": int,
        "duration_ms": NUMBER,
        "timestamp": NUMBER,
    },
    "real_time_update": UPDATE,
    "session_complete": {**UPDATE, "session_duration": NUMBER, "reason": str, "detail": str},
    "stop_test_ack": {"user_id": str, "timestamp": NUMBER, "message": str},
    "error": {"error": str},
}


def check(message: dict[str, Any], fields: dict[str, Any]) -> None:
    """All fields are there, no other, each of its type; True is not a number."""
    assert set(message) - {"type"} == set(fields)
    for name, kind in fields.items():
        value = message[name]
        assert isinstance(value, kind), (name, value)
        assert isinstance(value, bool) == (kind is bool), (name, value)


@pytest.fixture
async def page(shared_daemon: Daemon) -> AsyncIterator[OldPage]:
    """An old page as Sarah, connected."""
    async with client(shared_daemon, "sarah_9", OldPage) as page:
        yield page


async def test_every_message_has_all_its_fields(page: OldPage) -> None:
    await page.send(type="ping", timestamp=12.5, sequence=3)
    await page.send(type="client_confirmation", received_bytes="many")
    await page.until(lambda: page.kinds["ping"] > 1 and page.kinds["real_time_update"] > 4)
    await page.send(type="stop_test", user_id="sarah_9")
    await page.connection.wait_closed()
    await page.until(lambda: page.kinds["session_complete"])
    assert set(page.kinds) == set(FIELDS)
    for message in page.messages:
        check(message, FIELDS[message["type"]])
        if "latency_metrics" in message:
            check(message["latency_metrics"], LATENCY)
    check(page.last("session_info")["profile"], PROFILE)
    assert all(message.get("user_id", "sarah_9") == "sarah_9" for message in page.messages)


async def test_session_info_is_the_first_message(page: OldPage) -> None:
    await page.until(lambda: page.received_bytes and page.kinds["ping"])
    assert page.order[0] == "session_info"
    assert page.kinds["session_info"] == 1
    info = page.last("session_info")
    assert info["real_traffic"] is True
    assert info["profile"]["name"] == "Sarah"
    assert (info["profile"]["download_mbps"], info["profile"]["upload_mbps"]) == (2.5, 2.5)
    assert info["timestamp"] == pytest.approx(time.time() * 1e3, abs=30_000)


async def test_pings_count_up_and_come_twice_a_second(page: OldPage) -> None:
    await page.until(lambda: page.kinds["ping"] >= 4)
    pings = [message for message in page.messages if message["type"] == "ping"]
    assert [ping["sequence"] for ping in pings] == list(range(1, len(pings) + 1))
    assert all(ping["server_time"] * 1e3 == pytest.approx(ping["timestamp"]) for ping in pings)
    assert (pings[3]["timestamp"] - pings[0]["timestamp"]) / 3 == pytest.approx(500, rel=0.3)


async def test_liveness_tests_come_each_second_answered_or_not(page: OldPage) -> None:
    await page.until(lambda: page.kinds["connection_test"] >= 3)
    tests = [message["timestamp"] for message in page.messages if message["type"] == "connection_test"]
    assert (tests[2] - tests[0]) / 2 == pytest.approx(1000, rel=0.3)


async def test_updates_come_each_control_pass_with_figures_that_fit(page: OldPage) -> None:
    await page.until(lambda: page.kinds["real_time_update"] >= 8)
    updates = [message for message in page.messages if message["type"] == "real_time_update"]
    assert (updates[7]["timestamp"] - updates[0]["timestamp"]) / 7 == pytest.approx(250, rel=0.3)
    last = updates[-1]
    assert last["profile_name"] == "Sarah"
    assert (last["target_download_mbps"], last["target_upload_mbps"]) == (2.5, 2.5)
    assert last["active"] is True
    assert last["server_sent_bytes"] > 0
    assert 0 < last["server_received_bytes"] <= page.sent_bytes
    assert last["cumulative_download_mbps"] == pytest.approx(
        last["server_sent_bytes"] * 8e-6 / last["elapsed_seconds"], abs=1e-3
    )
    assert last["latency_metrics"]["total_pings"] > 0
    assert last["ping_ms"] == last["latency_metrics"]["current_latency"]
    assert 0 < last["latency_metrics"]["min_latency"] <= last["ping_ms"] <= last["latency_metrics"]["max_latency"]


async def test_upload_requests_ask_for_chunks_the_old_page_can_send(page: OldPage) -> None:
    await page.until(lambda: page.kinds["real_upload_request"] >= 4)
    requests = [message for message in page.messages if message["type"] == "real_upload_request"]
    for request in requests:
        assert 0 < request["optimal_chunk_size"] <= 64 * 1024
        assert request["optimal_chunk_size"] <= request["target_bytes"]
        assert request["duration_ms"] == 250


async def test_pong_carries_the_clients_own_values(page: OldPage) -> None:
    await page.send(type="ping", timestamp=12.5, sequence=3)
    await page.send(type="ping", timestamp=1754800000123)
    await page.until(lambda: page.kinds["pong"] == 2)
    first, second = (message for message in page.messages if message["type"] == "pong")
    assert (first["sequence"], first["timestamp"], first["client_timestamp"]) == (3, 12.5, 12.5)
    assert (second["sequence"], second["timestamp"]) == (0, 1754800000123)


@pytest.mark.parametrize("words", ["stop_test", "stop_traffic"])
async def test_stopping_ends_payload_at_once_then_the_session(shared_daemon: Daemon, words: str) -> None:
    async with client(shared_daemon, "computer", OldPage, "?throughput=50") as page:
        await page.until(lambda: page.received_bytes > 1_000_000)
        await page.send(type=words, user_id="computer")
        await page.connection.wait_closed()
        await page.until(lambda: page.kinds["session_complete"])
    after = page.order[page.order.index("stop_test_ack") :]
    assert after == ["stop_test_ack", "session_complete"]
    assert page.connection.close_code == 1000
    complete = page.last("session_complete")
    assert complete["active"] is False
    assert complete["reason"] == "client_stopped"
    assert complete["session_duration"] == pytest.approx(complete["elapsed_seconds"])
    assert complete["server_sent_bytes"] == page.received_bytes


def test_a_probe_gets_answers_and_nothing_beside(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("probe")
    for sequence in range(8):
        raw.say(type="ping", sequence=sequence)
        raw.read(seconds=0.15)
    raw.read(lambda: len(raw.messages) > 8)
    assert [message["type"] for message in raw.messages[:1]] == ["session_info"]
    assert raw.messages[1:] == [{"type": "pong", "sequence": sequence} for sequence in range(8)]


def test_a_probe_that_says_nothing_is_asked_whether_it_is_there(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("probe")
    raw.read(lambda: raw.opcodes[Opcode.PING])
    assert raw.opcodes[Opcode.PING]
