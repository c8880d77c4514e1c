"""The fields of ended sessions and of runs that a filter can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from household.v1 import history_service_pb2 as pb
from household.v1 import session_pb2
from householdd.controlplane.fields import Kind


@dataclass(frozen=True)
class HistoryField:
    """One field."""

    kind: Kind
    words: tuple[str, ...] = ()


_TEXT = HistoryField(Kind.TEXT)
_TIME = HistoryField(Kind.TIME)
_SECONDS = HistoryField(Kind.SECONDS)
_NUMBER = HistoryField(Kind.NUMBER)


def _words(names: list[str], prefix: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(prefix).lower() for name in names if not name.endswith("_UNSPECIFIED"))


SESSION_FIELDS: Mapping[str, HistoryField] = {
    "id": _TEXT,
    "run_id": _TEXT,
    "user_id": _TEXT,
    "test_id": _TEXT,
    "profile": _TEXT,
    "server": _TEXT,
    "worker": _TEXT,
    "peer_address": _TEXT,
    "address_block": _TEXT,
    "user_agent": _TEXT,
    "reason": HistoryField(Kind.WORD, _words(session_pb2.CloseReason.keys(), "CLOSE_REASON_")),
    "opened_at": _TIME,
    "closed_at": _TIME,
    "duration": _SECONDS,
    "sent_bytes": _NUMBER,
    "received_bytes": _NUMBER,
    "retransmits": _NUMBER,
}
"""Of ended sessions."""

RUN_FIELDS: Mapping[str, HistoryField] = {
    "id": _TEXT,
    "session_id": _TEXT,
    "test_id": _TEXT,
    "server": _TEXT,
    "peer_address": _TEXT,
    "address_block": _TEXT,
    "user_agent": _TEXT,
    "client": HistoryField(Kind.WORD, ("page", "householdctl")),
    "grade": HistoryField(Kind.WORD, _words(pb.Grade.keys(), "GRADE_")),
    "valid": HistoryField(Kind.WORD, ("true", "false")),
    "stored_at": _TIME,
    "baseline": _SECONDS,
    "increase_p95": _SECONDS,
}
"""Of runs."""
