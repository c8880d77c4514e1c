"""Transcripts: this arrives, that is commanded. What the server sends unasked is in test_dialogue_turns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from householdd.session.close_reason import CloseReason
from householdd.session.commands import Close, StoreReport
from householdd.session.dialogue import MAX_ERRORS, Dialogue
from householdd.session.states import EvidenceKind
from tests.run_reports import run_report
from tests.session.samples import START, WALL, active, spoken, transcript

NOW = START + 2.0


def answered(dialogue: Dialogue, text: str | bytes, now: float = NOW) -> list[Any]:
    """The commands when this text arrives: messages as the client reads them, others as they are."""
    data = text.encode() if isinstance(text, str) else text
    return transcript(dialogue.text(data, now, WALL + now - START))


@pytest.mark.parametrize(
    ("ping", "timestamp", "sequence"),
    [
        ('{"type":"ping","timestamp":1700000001234,"sequence":7}', 1700000001234, 7),
        ('{"type":"ping","timestamp":1234.56789}', 1234.56789, 0),
        ('{"type":"ping"}', None, 0),
    ],
)
def test_a_ping_is_answered_with_the_clients_own_values(ping: str, timestamp: float | None, sequence: int) -> None:
    pong = {
        "type": "pong",
        "user_id": "alex_42",
        "sequence": sequence,
        "timestamp": timestamp,
        "client_timestamp": timestamp,
        "server_timestamp": (WALL + 2) * 1e3,
        "server_time": WALL + 2,
    }
    assert answered(Dialogue(active()), ping) == [pong]


def test_a_probes_ping_is_answered_as_briefly_as_can_be() -> None:
    ping = '{"type":"ping","sequence":7,"timestamp":1}'
    assert answered(Dialogue(active("probe")), ping) == [{"type": "pong", "sequence": 7}]


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"connection_test_response","user_id":"alex_42","timestamp":1.5,"client_timestamp":2}',
        '{"type":"real_upload_data","size":65536}',
        '{"type":"bulk_upload_data","size":65536}',
        '{"type":"client_confirmation","received_bytes":10,"sent_bytes":20,"timestamp":1700000001234}',
        '{"type":"start_traffic","targetThroughput":5}',
        '{"type":"request_download","targetThroughput":5,"size":1048576}',
        '{"type":"download_response","size":1048576}',
        '{"type":"pong","sequence":99}',
        '{"type":"telemetry","of":"another version"}',
        "not JSON",
    ],
)
def test_every_message_is_evidence(text: str) -> None:
    session = active()
    session.judge(START + 1.5)
    answered(Dialogue(session), text)
    assert session.liveness.last_evidence_at == NOW
    assert session.liveness.last_evidence_kind is EvidenceKind.MESSAGE
    assert session.live
    assert session.payload_due(NOW + 0.1) > 0


@pytest.mark.parametrize(
    "word", ["connection_test_response", "real_upload_data", "bulk_upload_data", "download_response"]
)
def test_announcements_are_taken_in_silence_and_count_no_bytes(word: str) -> None:
    session = active()
    assert answered(Dialogue(session), f'{{"type":"{word}","size":65536}}') == []
    assert session.sums.received == 0


def test_a_clients_own_totals_are_shown_and_not_counted() -> None:
    session = active()
    dialogue = Dialogue(session)
    assert answered(dialogue, '{"type":"client_confirmation","received_bytes":10,"sent_bytes":20}') == []
    update = spoken(dialogue.updates(NOW, WALL, 0.25))[0]
    assert (update["client_received_bytes"], update["client_sent_bytes"]) == (10, 20)
    assert (update["server_sent_bytes"], update["server_received_bytes"]) == (0, 0)


@pytest.mark.parametrize("word", ["stop_test", "stop_traffic"])
def test_a_client_that_is_done_is_told_so_and_its_session_ends(word: str) -> None:
    commands = answered(Dialogue(active()), f'{{"type":"{word}","user_id":"alex_42"}}')
    ack = {"type": "stop_test_ack", "user_id": "alex_42", "timestamp": (WALL + 2) * 1e3, "message": "Test stopped"}
    assert commands == [ack, Close(CloseReason.CLIENT_STOPPED)]


@pytest.mark.parametrize(
    "message",
    [
        '"type":"start_traffic","targetThroughput"',
        '"type":"request_download","targetThroughput"',
        '"type":"request_download","throughput"',
    ],
)
@pytest.mark.parametrize(
    ("wish", "bps"), [("12.5", 12.5e6), ("12500000", 12.5e6), ("999.5", 999.5e6), ("10001", 10_001), ("10000000", 10e6)]
)
def test_a_wish_lowers_the_rate_in_mbps_or_as_old_clients_say_it_in_bps(message: str, wish: str, bps: float) -> None:
    session = active("computer")
    assert answered(Dialogue(session), f"{{{message}:{wish}}}") == []
    assert session.download.shape.peak_bps == bps


def test_a_wish_of_the_backup_lowers_its_upload() -> None:
    session = active("backup")
    Dialogue(session).wish(12.5, NOW)
    assert (session.download.shape.peak_bps, session.upload.shape.peak_bps) == (0, 12.5e6)


@pytest.mark.parametrize("wish", ["1000.1", "10000", "1000000001", "1e15", "0", "-5", "null"])
def test_a_wish_never_raises_the_rate_nor_ends_it(wish: str) -> None:
    session = active("computer")
    assert answered(Dialogue(session), f'{{"type":"start_traffic","targetThroughput":{wish}}}') == []
    assert session.download.shape.peak_bps == 1000e6


@pytest.mark.parametrize("wish", [float("nan"), float("inf"), float("-inf"), None])
def test_a_wish_of_the_url_that_is_no_rate_is_ignored(wish: float | None) -> None:
    session = active("computer")
    Dialogue(session).wish(wish, NOW)
    assert session.download.shape.peak_bps == 1000e6


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("not JSON", "JSON is malformed"),
        (b"\xff\xfe", "JSON is malformed"),
        ("[1, 2]", "Expected `object`, got `array`"),
        ('{"timestamp":1}', "missing required field `type`"),
        ('{"type":"ping","timestamp":"soon"}', "got `str` - at `$.timestamp`"),
        ('{"type":"client_confirmation","received_bytes":-1}', "at `$.received_bytes`"),
        ('{"type":"start_traffic","targetThroughput":1' + "0" * 400 + "}", "out of range - at `$.targetThroughput`"),
    ],
)
def test_a_malformed_message_is_answered_with_what_is_wrong(text: str | bytes, problem: str) -> None:
    session = active()
    (answer,) = answered(Dialogue(session), text)
    assert answer["type"] == "error"
    assert problem in answer["error"]
    assert (session.errors.malformed, session.errors.unknown) == (1, 0)


def test_a_client_is_told_of_its_errors_once_and_closed_past_the_budget() -> None:
    dialogue = Dialogue(active())
    (error,) = answered(dialogue, "not JSON")
    assert error["type"] == "error"
    assert [answered(dialogue, "not JSON") for _ in range(MAX_ERRORS)] == [
        *[[]] * (MAX_ERRORS - 1),
        [Close(CloseReason.MALFORMED)],
    ]


def test_unknown_messages_are_counted_in_silence_and_close_past_the_budget() -> None:
    session = active()
    dialogue = Dialogue(session)
    assert [answered(dialogue, '{"type":"telemetry"}') for _ in range(MAX_ERRORS + 1)] == [
        *[[]] * MAX_ERRORS,
        [Close(CloseReason.PROTOCOL_ERROR)],
    ]
    assert (session.errors.malformed, session.errors.unknown) == (0, MAX_ERRORS + 1)


def test_each_kind_of_breach_has_a_budget_of_its_own() -> None:
    dialogue = Dialogue(active())
    for text in ["not JSON", '{"type":"telemetry"}'] * MAX_ERRORS:
        assert not any(isinstance(each, Close) for each in answered(dialogue, text))


def test_a_run_report_of_the_probe_is_handed_on_once() -> None:
    session = active("probe")
    dialogue = Dialogue(session)
    (store,) = answered(dialogue, json.dumps(run_report()))
    assert isinstance(store, StoreReport)
    assert store.report.client.kind == "page"
    assert answered(dialogue, json.dumps(run_report())) == [
        {"type": "error", "error": "run_report: one session may send one only"}
    ]
    assert session.errors.malformed == 1


def test_a_run_report_of_anybody_else_is_refused() -> None:
    session = active("alex")
    dialogue = Dialogue(session)
    assert answered(dialogue, json.dumps(run_report())) == [
        {"type": "error", "error": "run_report: only a session of probe may send one"}
    ]
    assert session.errors.malformed == 1


def test_no_client_may_report_as_the_server() -> None:
    dialogue = Dialogue(active("probe"))
    forged = run_report(client={"kind": "server", "version": "1.0"})
    (answer,) = answered(dialogue, json.dumps(forged))
    assert "$.client.kind" in answer["error"]


def test_a_malformed_run_report_leaves_room_for_a_better_one() -> None:
    dialogue = Dialogue(active("probe"))
    (answer,) = answered(dialogue, json.dumps(run_report(load_s=-1)))
    assert "$.load_s" in answer["error"]
    (store,) = answered(dialogue, json.dumps(run_report()))
    assert isinstance(store, StoreReport)
