from __future__ import annotations

from enum import StrEnum

import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from household.v1 import session_pb2
from householdd.session.close_reason import CloseReason
from householdd.session.states import EvidenceKind, SessionState


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
