from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.measure.run_report import ClientRunReport
from householdd.session import messages

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**53) | st.floats(0, 2**53)
LABELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=128)

FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "ping": {"timestamp": NUMBERS, "sequence": NUMBERS},
    "pong": {
        "sequence": NUMBERS,
        "timestamp": NUMBERS,
        "client_timestamp": NUMBERS,
        "server_timestamp": NUMBERS,
    },
    "connection_test_response": {},
    "real_upload_data": {"size": COUNTS},
    "bulk_upload_data": {"size": COUNTS},
    "client_confirmation": {"received_bytes": COUNTS, "sent_bytes": COUNTS, "timestamp": NUMBERS},
    "start_traffic": {"targetThroughput": NUMBERS},
    "request_download": {"targetThroughput": NUMBERS, "throughput": NUMBERS, "size": COUNTS},
    "download_response": {"size": COUNTS},
    "stop_test": {"user_id": LABELS},
    "stop_traffic": {"user_id": LABELS},
}
"""Every message that a client may send, with its fields as they are written; run_report has tests of its own."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def known(draw: st.DrawFn) -> dict[str, Any]:
    """A message with any of its fields, and one that an unknown version may have added."""
    word = draw(st.sampled_from(sorted(FIELDS)))
    fields = draw(st.fixed_dictionaries({}, optional={**FIELDS[word], "added_later": JSON}))
    return {"type": word, **fields}


@given(known())
def test_a_known_message_is_read_as_it_was_written(message: dict[str, Any]) -> None:
    decoded = messages.decode(json.dumps(message).encode())
    assert decoded is not None
    read = msgspec.to_builtins(decoded)
    assert {key: read[key] for key in message if key != "added_later"} == {
        key: value for key, value in message.items() if key != "added_later"
    }


def test_every_client_message_is_covered_here() -> None:
    others = set(messages.ClientMessage.__args__) - {ClientRunReport}
    assert set(FIELDS) == {str(each.__struct_config__.tag) for each in others}


def refused_or_none_or_a_message(text: bytes) -> None:
    try:
        message = messages.decode(text)
    except messages.WireError as error:
        assert str(error)  # noqa: PT017 - most texts are refused, some are read
    else:
        assert message is None or isinstance(message, messages.ClientMessage)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_by_a_wire_error(text: bytes) -> None:
    refused_or_none_or_a_message(text)


@given(JSON)
def test_arbitrary_json_is_refused_by_a_wire_error(value: object) -> None:
    refused_or_none_or_a_message(json.dumps(value).encode())


@given(st.sampled_from(sorted(FIELDS)), st.data())
def test_arbitrary_fields_of_known_messages_are_refused_by_a_wire_error(word: str, data: st.DataObject) -> None:
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS[word], JSON)))
    refused_or_none_or_a_message(json.dumps({"type": word, **fields}).encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b'"ping"',
        b"{}",
        b'{"type":null}',
        b'{"type":7}',
        b'{"type":"ping"} trailing',
        b'{"type":"\xff"}',
        b'{"type":"stop_test","user_id":"\xff"}',
        b'{"type":"\\ud800"}',
        b'{"type":"ping","type":"pong"}',
        b'{"type":"ping","timestamp":1e999}',
        b'{"type":"ping","timestamp":NaN}',
        b'{"type":"ping","timestamp":' + b"1" * 5000 + b"}",
        b'{"type":"start_traffic","targetThroughput":' + b"1" * 400 + b"}",
        b"[" * messages.MAX_TEXT_BYTES,
        b'{"type":"ping","deep":' + b"[" * 8000 + b"]" * 8000 + b"}",
    ],
)
def test_malformed_text_is_refused(text: bytes) -> None:
    with pytest.raises(messages.WireError, match=r".+"):
        messages.decode(text)


@pytest.mark.parametrize(("word", "field"), [(word, field) for word, fields in FIELDS.items() for field in fields])
@pytest.mark.parametrize("value", [True, [], {}])
def test_a_field_of_a_wrong_type_is_refused_by_name(word: str, field: str, value: object) -> None:
    with pytest.raises(messages.WireError, match=rf"at `\$\.{field}`"):
        messages.decode(json.dumps({"type": word, field: value}).encode())


@pytest.mark.parametrize(
    ("word", "field"),
    [(word, field) for word, fields in FIELDS.items() for field in fields if fields[field] is COUNTS],
)
@pytest.mark.parametrize("value", [-1, 1e19, "7"])
def test_a_count_that_is_none_is_refused_by_name(word: str, field: str, value: object) -> None:
    with pytest.raises(messages.WireError, match=rf"at `\$\.{field}`"):
        messages.decode(json.dumps({"type": word, field: value}).encode())


@pytest.mark.parametrize("word", ["stop_test", "stop_traffic"])
def test_a_label_beyond_128_characters_is_refused(word: str) -> None:
    with pytest.raises(messages.WireError, match=r"length <= 128 - at `\$.user_id`"):
        messages.decode(json.dumps({"type": word, "user_id": "x" * 129}).encode())


@pytest.mark.parametrize("text", [b'{"type":"telemetry"}', b'{"type":"","size":-1}', b'{"type":"PING"}'])
def test_a_type_that_is_not_known_is_no_error(text: bytes) -> None:
    assert messages.decode(text) is None


@pytest.mark.parametrize("number", ["7", "7.0", "7.25", "-1", "18446744073709551616"])
def test_a_number_is_echoed_as_it_was_sent(number: str) -> None:
    ping = messages.decode(f'{{"type":"ping","timestamp":{number}}}'.encode())
    assert isinstance(ping, messages.ClientPing)
    assert messages.encode(ping.timestamp) == number.encode()


def test_a_server_message_has_its_type_and_fields_in_json() -> None:
    assert json.loads(messages.encode(messages.ErrorMessage(error="what"))) == {"type": "error", "error": "what"}
