from __future__ import annotations

import pytest

from householdd.session.close_reason import CloseReason, Fault

CODES = {
    1000: {"CLIENT_STOPPED", "CLIENT_CLOSED", "MAX_DURATION"},
    1001: {"DRAINED", "EMERGENCY"},
    1002: {"NOT_WEBSOCKET"},
    1006: {"CONNECTION_LOST", "PROBES_FAILED", "WORKER_LOST", "INTERNAL", "UNREAD"},
    1008: {"INACTIVE", "PROTOCOL_ERROR", "KILLED", "FLOODING", "EXCESS_UPLOAD", "MALFORMED"},
    1009: {"TEXT_TOO_LARGE"},
    1011: {"UNSUPERVISED"},
    1013: {"OVERLOADED"},
}

FAULTS = {
    Fault.NONE: {"CLIENT_STOPPED", "CLIENT_CLOSED", "MAX_DURATION"},
    Fault.NETWORK: {"CONNECTION_LOST", "PROBES_FAILED", "INACTIVE"},
    Fault.CLIENT: {
        *("PROTOCOL_ERROR", "FLOODING", "TEXT_TOO_LARGE", "UNREAD", "EXCESS_UPLOAD", "MALFORMED", "NOT_WEBSOCKET"),
    },
    Fault.SERVER: {"WORKER_LOST", "INTERNAL", "OVERLOADED", "UNSUPERVISED"},
    Fault.OPERATOR: {"KILLED", "DRAINED", "EMERGENCY"},
}


@pytest.mark.parametrize(("code", "names"), CODES.items())
def test_the_close_code_tells_the_kind_of_end(code: int, names: set[str]) -> None:
    assert {reason.name for reason in CloseReason if reason.close_code == code} == names


@pytest.mark.parametrize(("fault", "names"), FAULTS.items())
def test_every_end_has_one_fault(fault: Fault, names: set[str]) -> None:
    assert {reason.name for reason in CloseReason if reason.fault is fault} == names


def test_a_client_is_told_unless_it_cannot_hear_it() -> None:
    assert {reason.name for reason in CloseReason if not reason.graceful} == CODES[1006]


def test_every_reason_has_a_sentence_of_its_own() -> None:
    sentences = [reason.sentence for reason in CloseReason]
    assert all(len(sentence.split()) >= 3 for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


def test_the_text_of_a_close_frame_is_the_sentence_and_the_detail() -> None:
    assert CloseReason.KILLED.text("") == "closed by the operator"
    assert CloseReason.KILLED.text("abuse") == "closed by the operator: abuse"


def test_the_text_is_cut_to_what_a_close_frame_holds_between_two_characters() -> None:
    text = CloseReason.KILLED.text("\u00e4" * 80)
    assert len(text.encode()) == 122
    assert text.endswith("\u00e4")
