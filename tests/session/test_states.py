from __future__ import annotations

from enum import StrEnum

import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from household.v1 import session_pb2
from householdd.session.states import CloseReason, EvidenceKind, SessionState


@pytest.mark.parametrize(
    ("words", "api", "prefix"),
    [
        (SessionState, session_pb2.SessionState, "SESSION_STATE_"),
        (EvidenceKind, session_pb2.EvidenceKind, "EVIDENCE_KIND_"),
        (CloseReason, session_pb2.CloseReason, "CLOSE_REASON_"),
    ],
)
def test_core_and_control_api_share_their_words_in_order(
    words: type[StrEnum], api: EnumTypeWrapper, prefix: str
) -> None:
    assert [f"{prefix}{word.name}" for word in words] == api.keys()[1:]
    assert api.keys()[0] == f"{prefix}UNSPECIFIED"


@pytest.mark.parametrize("words", [SessionState, EvidenceKind, CloseReason])
def test_logs_show_a_word_in_lower_case(words: type[StrEnum]) -> None:
    assert [str(word) for word in words] == [word.name.lower() for word in words]


def test_every_close_reason_has_a_sentence_of_its_own() -> None:
    sentences = [reason.sentence for reason in CloseReason]
    assert all(len(sentence.split()) >= 3 for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("reason", CloseReason)
def test_a_sentence_fits_into_a_close_frame(reason: CloseReason) -> None:
    assert len(reason.sentence.encode()) <= 123


CODES = {
    1000: {"CLIENT_STOPPED", "CLIENT_CLOSED", "CONNECTION_LOST", "MAX_DURATION"},
    1001: {"DRAINED", "EMERGENCY"},
    1008: {"PROBES_FAILED", "INACTIVE", "PROTOCOL_ERROR", "KILLED"},
    1011: {"WORKER_LOST", "INTERNAL"},
    1013: {"OVERLOADED"},
}


@pytest.mark.parametrize(("code", "names"), CODES.items())
def test_the_close_code_tells_whose_end_it_was(code: int, names: set[str]) -> None:
    assert {reason.name for reason in CloseReason if reason.close_code == code} == names
