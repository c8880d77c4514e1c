"""JSON of clients that mean harm: well-framed messages with any content."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from household.v1 import session_pb2 as pb
from householdd.session.dialogue import MAX_ERRORS
from householdd.session.messages import ClientMessage
from tests.abuse.conftest import OpenSession
from tests.abuse.honest import Honest
from tests.daemon import Daemon
from tests.worker import sessions
from tests.worker.raw_client import RawClient

SEQUENCES = itertools.count(1000)
"""Of pings that ask whether what was said before has been taken."""


def say(raw: RawClient, text: bytes) -> None:
    raw.send(Frame(Opcode.TEXT, text))


def answers(raw: RawClient, kind: str) -> list[dict[str, object]]:
    """Messages of a type, once the server has taken all that was said so far."""
    sequence = next(SEQUENCES)
    say(raw, b'{"type": "ping", "sequence": %d}' % sequence)
    raw.read(lambda: any(each["type"] == "pong" and each["sequence"] == sequence for each in raw.messages))
    return [each for each in raw.messages if each["type"] == kind]


MALFORMED = {
    "nested arrays": b'{"type": "ping", "timestamp": ' + b"[" * 8000,
    "nested objects": b'{"a":' * 3000,
    "an endless number": b'{"type": "ping", "timestamp": ' + b"9" * 16_000 + b"}",
    "an integer too large": b'{"type": "real_upload_data", "size": 99999999999999999999999999}',
    "an exponent too large": b'{"type": "client_confirmation", "received_bytes": 1e999}',
    "NaN": b'{"type": "ping", "timestamp": NaN}',
    "Infinity": b'{"type": "start_traffic", "targetThroughput": Infinity}',
    "-Infinity": b'{"type": "start_traffic", "targetThroughput": -Infinity}',
    "a negative count": b'{"type": "client_confirmation", "sent_bytes": -1}',
    "true for a number": b'{"type": "ping", "sequence": true}',
    "a string for a number": b'{"type": "request_download", "size": "5"}',
    "a list for a type": b'{"type": ["ping"]}',
    "null for a type": b'{"type": null}',
    "a label too long": b'{"type": "stop_test", "user_id": "' + b"a" * 129 + b'"}',
    "a lone surrogate": b'{"type": "stop_test", "user_id": "\\ud800"}',
    "a zero byte": b'{"type": "pi\x00ng"}',
    "two values": b'{"type": "ping"}{"type": "ping"}',
    "single quotes": b"{'type': 'ping'}",
    "a byte order mark": b'\xef\xbb\xbf{"type": "ping"}',
    "UTF-16": '{"type": "ping"}'.encode("utf-16"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_told_once_and_changes_nothing(target: Daemon, enter: OpenSession, text: bytes) -> None:
    raw = enter()
    before = sessions.get(target, raw.session_id)
    for _ in range(MAX_ERRORS):
        say(raw, text)
    (error,) = answers(raw, "error")
    assert set(error) == {"type", "error"}
    # What it says is about the message, and does not bring it back.
    assert len(str(error["error"])) < 300
    after = sessions.get(target, raw.session_id)
    assert (after.target_download_bps, after.received_bytes) == (before.target_download_bps, before.received_bytes)


def test_of_a_key_that_comes_twice_one_counts(enter: OpenSession) -> None:
    raw = enter()
    say(raw, b'{"type": "ping", "sequence": 5, "sequence": 6}')
    first, second = answers(raw, "pong")
    assert first["sequence"] in {5, 6}
    assert second["sequence"] not in {5, 6}
    say(raw, b'{"type": "ping", "sequence": "x", "sequence": "y"}')
    assert len(answers(raw, "error")) == 1


def test_a_string_of_256_kib_ends_the_session(target: Daemon, enter: OpenSession) -> None:
    raw = enter()
    session_id = raw.session_id
    say(raw, json.dumps({"type": "stop_test", "user_id": "a" * (256 * 1024 - 100)}).encode())
    raw.read(lambda: raw.protocol.close_rcvd)
    raw.close()
    assert sessions.closed(target, session_id).close_reason == pb.CLOSE_REASON_TEXT_TOO_LARGE


def test_forged_pongs_and_totals_measure_nothing(target: Daemon, enter: OpenSession) -> None:
    raw = enter("sarah")
    for number in (-(2**63), -1, 0, 10**6, 1.5, 1e308, 2**63 - 1):
        say(raw, json.dumps({"type": "pong", "sequence": number, "timestamp": number}).encode())
        say(raw, json.dumps({"type": "pong", "timestamp": number, "client_timestamp": number}).encode())
        raw.pong(str(number).encode())
    say(raw, json.dumps({"type": "client_confirmation", "received_bytes": 2**62, "sent_bytes": 2**62}).encode())
    say(raw, json.dumps({"type": "real_upload_data", "size": 2**62}).encode())
    assert answers(raw, "error") == []
    said = len(raw.messages)
    raw.read(lambda: any(each["type"] == "real_time_update" for each in raw.messages[said:]))
    update = next(each for each in raw.messages[said:] if each["type"] == "real_time_update")
    assert update["latency_metrics"]["total_pings"] == 0
    session = sessions.get(target, raw.session_id)
    assert not session.HasField("round_trip")
    assert session.received_bytes == 0
    assert session.sent_bytes < 2**40


def test_a_wish_never_raises_a_rate(target: Daemon, enter: OpenSession) -> None:
    raw = enter("sarah?throughput=1e9")
    for wish in (1e300, 2.6, 10**18, -5, 0, 1e-320):
        say(raw, json.dumps({"type": "start_traffic", "targetThroughput": wish}).encode())
    assert answers(raw, "error") == []
    assert sessions.get(target, raw.session_id).target_download_bps <= 2.5e6


@pytest.mark.parametrize("words", ["nan", "inf", "-inf", "-1", "0", "1e400", "1_0", "\u0661".encode().hex()])
def test_a_wish_of_the_url_that_is_no_rate_is_ignored(target: Daemon, enter: OpenSession, words: str) -> None:
    raw = enter(f"alex?throughput={words}")
    assert sessions.get(target, raw.session_id).target_download_bps == 1.5e6


def test_somebody_elses_session_cannot_be_ended_or_reported_on(
    target: Daemon, enter: OpenSession, honest: Honest
) -> None:
    raw = enter("alex_honest")
    say(raw, json.dumps({"type": "stop_test", "user_id": "sarah_honest", "session_id": honest.session_id}).encode())
    session_id = raw.session_id
    raw.read(lambda: raw.protocol.close_rcvd)
    # Its own session ended, and the fixture sees that the other goes on.
    raw.close()
    reason = sessions.closed(target, session_id).close_reason
    assert reason == pb.CLOSE_REASON_CLIENT_STOPPED


# All but those that end the session.
TYPES = st.sampled_from(
    sorted({str(each.__struct_config__.tag) for each in ClientMessage.__args__} - {"stop_test", "stop_traffic"})
)
KEYS = st.sampled_from(
    ["timestamp", "sequence", "client_timestamp", "size", "received_bytes", "sent_bytes", "targetThroughput", "people"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
MESSAGES = st.builds(lambda kind, rest: json.dumps({**rest, "type": kind}), TYPES, st.dictionaries(KEYS, VALUES))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(MESSAGES | st.text(max_size=50), max_size=MAX_ERRORS))
def test_any_messages_within_the_budget_leave_the_session_whole(target: Daemon, texts: list[str]) -> None:
    raw = RawClient(target, "alex")
    for text in texts:
        say(raw, text.encode(errors="surrogatepass"))
    answers(raw, "pong")
    session = sessions.get(target, raw.session_id)
    raw.reset()
    assert session.state in (pb.SESSION_STATE_ACTIVE, pb.SESSION_STATE_QUIET)
    assert session.target_download_bps <= 1.5e6
