"""Transcripts of what the server says by itself, and of the round trips that clients' pongs measure."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from householdd.session.close_reason import CloseReason
from householdd.session.commands import Ping
from householdd.session.dialogue import PING_BYTES, Dialogue
from householdd.traffic.profiles import BulkSpec, ConstantSpec
from tests.session.samples import PROFILES, SESSION_ID, START, WALL, active, spoken

PASS = 0.25


def probes(dialogue: Dialogue, elapsed: float) -> list[Any]:
    return spoken(dialogue.probes(START + elapsed, WALL + elapsed))


def take(dialogue: Dialogue, message: dict[str, Any], elapsed: float) -> None:
    assert dialogue.text(json.dumps(message).encode(), START + elapsed, WALL + elapsed) == []


def test_the_first_message_introduces_the_session() -> None:
    assert spoken(Dialogue(active("jake")).greeting(WALL)) == [
        {
            "type": "session_info",
            "user_id": "jake_42",
            "profile": {
                "name": "Jake",
                "download_mbps": 5.0,
                "upload_mbps": 0.1,
                "description": "Streaming TV: a second of full speed, then four of silence",
                "activity_type": "streaming",
            },
            "real_traffic": True,
            "timestamp": WALL * 1e3,
            "session_id": SESSION_ID,
        }
    ]


def test_pings_go_out_twice_a_second_and_liveness_tests_at_the_probe_timeout() -> None:
    dialogue = Dialogue(active())
    transcript = {each * PASS: [message["type"] for message in probes(dialogue, each * PASS)] for each in range(9)}
    both, ping, none = ["ping", "connection_test"], ["ping"], list[str]()
    assert transcript == {
        0.0: both, 0.25: none, 0.5: ping, 0.75: none, 1.0: both, 1.25: none, 1.5: ping, 1.75: none, 2.0: both,
    }  # fmt: skip


def test_websocket_pings_go_out_twice_a_second_and_each_has_data_of_its_own() -> None:
    dialogue = Dialogue(active())
    passes = [dialogue.probes(START + each * PASS, WALL) for each in range(4)]
    pings = [[command.data for command in due if isinstance(command, Ping)] for due in passes]
    assert [[len(data) for data in due] for due in pings] == [[PING_BYTES], [], [PING_BYTES], []]
    assert pings[0] != pings[2]


def test_a_ping_within_payload_is_instead_of_one_beside_it() -> None:
    session = active("computer")
    dialogue = Dialogue(session)
    data = dialogue.payload_ping(START)
    assert data is not None
    session.sent(3000)
    dialogue.payload_pinged(data, 1400, START)
    assert dialogue.payload_ping(START + 0.01) is None
    assert not any(isinstance(command, Ping) for command in dialogue.probes(START + 0.25, WALL))
    assert dialogue.pong(data, START + 0.25) == 0.25
    assert session.proof.proven == 1600
    # Without payload there are pings beside it again.
    assert any(isinstance(command, Ping) for command in dialogue.probes(START + 0.75, WALL))


def test_a_probe_is_pinged_only_once_it_is_silent() -> None:
    dialogue = Dialogue(active("probe"))
    assert dialogue.probes(START, WALL) == []
    (ping,) = dialogue.probes(START + 0.5, WALL)
    assert isinstance(ping, Ping)


def test_a_pong_answers_a_ping_that_was_sent_and_only_once() -> None:
    session = active()
    dialogue = Dialogue(session)
    (ping,) = (each for each in dialogue.probes(START, WALL) if isinstance(each, Ping))
    assert dialogue.pong(ping.data, START + 0.01) is None
    dialogue.ping_sent(ping, START)
    assert session.sums.pings == 1
    assert dialogue.pong(ping.data, START + 0.25) == 0.25
    assert dialogue.pong(ping.data, START + 0.3) is None
    assert session.sums.pongs == 1
    assert session.liveness.round_trip.latest == 0.25


def test_pings_are_numbered_and_carry_the_time() -> None:
    dialogue = Dialogue(active())
    first, second = probes(dialogue, 0)[0], probes(dialogue, 0.5)[0]
    ping = {"type": "ping", "user_id": "alex_42", "sequence": 1, "timestamp": WALL * 1e3, "server_time": WALL}
    assert first == ping
    assert (second["sequence"], second["server_time"]) == (2, WALL + 0.5)


def test_a_probe_is_told_nothing_that_its_pings_would_wait_behind() -> None:
    dialogue = Dialogue(active("probe"))
    for each in range(9):
        assert probes(dialogue, each * PASS) == []
        assert spoken(dialogue.updates(START + each * PASS, WALL, PASS)) == []
    dialogue.session.close(CloseReason.KILLED)
    assert [message["type"] for message in spoken(dialogue.farewell(START + 3, WALL))] == ["session_complete"]


def test_a_liveness_test_names_the_user_and_the_time() -> None:
    test = probes(Dialogue(active()), 0)[1]
    assert test == {"type": "connection_test", "user_id": "alex_42", "timestamp": WALL * 1e3}


def test_what_a_late_pass_missed_is_not_sent_in_a_heap() -> None:
    dialogue = Dialogue(active())
    assert [message["type"] for message in probes(dialogue, 60.1)] == ["ping", "connection_test"]
    assert probes(dialogue, 60.4) == []
    assert [message["type"] for message in probes(dialogue, 60.5)] == ["ping"]


def test_each_pass_tells_the_figures_and_asks_for_the_upload_of_the_next() -> None:
    dialogue = Dialogue(active("sarah"))
    update, request = spoken(dialogue.updates(START, WALL, PASS))
    assert update["type"] == "real_time_update"
    assert request == {
        "type": "real_upload_request",
        "target_bytes": 72916,
        # A frame of the call: all at once, the portion would queue on a slow uplink.
        "optimal_chunk_size": 10_417,
        "duration_ms": 250,
        "timestamp": WALL * 1e3,
    }


@pytest.mark.parametrize(
    ("who", "target_bytes", "chunk_bytes"), [("alex", 23_437, 4096), ("jake", 3125, 3125), ("computer", 3125, 3125)]
)
def test_an_upload_is_asked_for_in_the_portions_of_its_profile_but_in_none_too_small_for_a_queue(
    who: str, target_bytes: int, chunk_bytes: int
) -> None:
    request = spoken(Dialogue(active(who)).updates(START, WALL, PASS))[1]
    assert (request["target_bytes"], request["optimal_chunk_size"]) == (target_bytes, chunk_bytes)


def test_no_chunk_exceeds_what_deployed_clients_send() -> None:
    profile = msgspec.structs.replace(PROFILES.by_key["sarah"], upload=ConstantSpec(rate_mbps=50, tick_hz=30))
    request = spoken(Dialogue(active(profile=profile)).updates(START, WALL, PASS))[1]
    assert request["optimal_chunk_size"] == 64 * 1024


@pytest.mark.parametrize(
    ("received", "target_bytes", "chunk_bytes"),
    [(0, 128 * 1024, 16 * 1024), (2_000_000, 5_000_000, 78_125), (10**9, 31_250_000, 256 * 1024)],
)
def test_a_bulk_upload_is_asked_for_as_the_line_carries_it(received: int, target_bytes: int, chunk_bytes: int) -> None:
    profile = msgspec.structs.replace(PROFILES.by_key["computer"], upload=BulkSpec(1000))
    session = active(profile=profile)
    session.sums.received = received
    request = spoken(Dialogue(session).updates(START, WALL, PASS))[1]
    assert (request["target_bytes"], request["optimal_chunk_size"]) == (target_bytes, chunk_bytes)


def test_no_upload_is_asked_for_while_none_is_due() -> None:
    dialogue = Dialogue(active("jake"))
    dialogue.updates(START, WALL, PASS)
    assert [message["type"] for message in spoken(dialogue.updates(START + 0.1, WALL, 0.1))] == ["real_time_update"]


@pytest.mark.parametrize("who", ["alex", "sarah", "jake", "computer"])
def test_ten_seconds_of_passes_ask_for_the_profiles_upload(who: str) -> None:
    session = active(who)
    dialogue = Dialogue(session)
    asked = 0
    for each in range(40):
        now = START + each * PASS
        session.received(1, now)
        asked += sum(message.get("target_bytes", 0) for message in spoken(dialogue.updates(now, WALL, PASS)))
    assert asked * 8 / 10 == pytest.approx(session.profile.upload.shape().mean_bps, rel=0.01)


def test_the_last_message_tells_the_figures_and_the_reason() -> None:
    session = active()
    session.sent(187_500)
    session.close(CloseReason.KILLED, "maintenance")
    (complete,) = spoken(Dialogue(session).farewell(START + 3, WALL + 3))
    shown = {key: complete[key] for key in ("type", "session_duration", "reason", "detail", "active", "user_id")}
    assert shown == {
        "type": "session_complete",
        "session_duration": 3.0,
        "reason": "killed",
        "detail": "maintenance",
        "active": False,
        "user_id": "alex_42",
    }
    assert (complete["server_sent_bytes"], complete["cumulative_download_mbps"]) == (187_500, 0.5)


def test_an_old_pages_pong_is_matched_by_its_sequence() -> None:
    session = active()
    dialogue = Dialogue(session)
    ping = probes(dialogue, 0)[0]
    pong = {**ping, "type": "pong", "client_timestamp": 99_999.5}
    take(dialogue, pong, 0.04)
    assert session.latency.count == 1
    assert session.latency.current == pytest.approx(40)


def test_an_old_workers_pong_is_matched_by_the_time_it_echoes() -> None:
    session = active()
    dialogue = Dialogue(session)
    ping = probes(dialogue, 0)[0]
    take(dialogue, {"type": "pong", "client_timestamp": ping["timestamp"], "server_timestamp": 99_999.5}, 0.04)
    assert session.latency.current == pytest.approx(40)


def test_a_pong_without_sequence_may_echo_the_time_in_its_timestamp() -> None:
    session = active()
    dialogue = Dialogue(session)
    ping = probes(dialogue, 0)[0]
    take(dialogue, {"type": "pong", "timestamp": ping["timestamp"], "client_timestamp": 99_999.5}, 0.04)
    assert session.latency.current == pytest.approx(40)


@pytest.mark.parametrize(
    "pong",
    [
        {"sequence": 2},
        {"sequence": 0},
        {"sequence": -1},
        {"sequence": 10**30},
        {"sequence": 1.5},
        {"timestamp": WALL * 1e3 - 1},
        {"client_timestamp": 0, "server_timestamp": WALL * 1e3},
        {"sequence": 2, "timestamp": WALL * 1e3},
        {"server_time": WALL},
        {},
    ],
)
def test_a_forged_pong_measures_nothing(pong: dict[str, Any]) -> None:
    session = active()
    dialogue = Dialogue(session)
    probes(dialogue, 0)
    take(dialogue, {"type": "pong", **pong}, 0.001)
    assert session.latency.count == 0


@pytest.mark.parametrize("key", ["sequence", "timestamp"])
def test_a_pong_counts_once(key: str) -> None:
    session = active()
    dialogue = Dialogue(session)
    ping = probes(dialogue, 0)[0]
    for elapsed in (0.04, 0.4):
        take(dialogue, {"type": "pong", key: ping[key]}, elapsed)
    assert session.latency.count == 1
    assert session.latency.current == pytest.approx(40)


@pytest.mark.parametrize("key", ["sequence", "timestamp"])
def test_a_pages_pong_leaves_the_probe_timeout_alone(key: str) -> None:
    """A script may take its time over an answer; only pongs of the WebSocket itself tell how long the line takes."""
    session = active()
    dialogue = Dialogue(session)
    ping = probes(dialogue, 0)[0]
    take(dialogue, {"type": "pong", key: ping[key]}, 0.8)
    assert session.liveness.round_trip.latest is None
    assert session.liveness.probe_timeout(session.timeouts) == 1
    assert session.liveness.last_evidence_at == START + 0.8
