"""The fields of a session that filters and orders can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from household.v1 import session_pb2 as pb
from householdd.controlplane.convert import seconds, unix

Value = str | float


class Kind(Enum):
    """How a field is written and compared."""

    TEXT = "text"
    WORD = "one of a few words"
    NUMBER = "a number"
    TIME = "a date such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or Unix seconds"
    SECONDS = "a duration such as 2s, 500ms or 5m"


class Syntax(Protocol):
    """How a field is written in a filter."""

    @property
    def kind(self) -> Kind:
        """What it holds."""

    @property
    def words(self) -> tuple[str, ...]:
        """What a WORD may be."""


S = TypeVar("S", bound=Syntax)


@dataclass(frozen=True)
class Field:
    """One field."""

    kind: Kind
    get: Callable[[pb.Session], Value]
    words: tuple[str, ...] = ()
    """What a WORD may be."""
    constant: bool = False
    """Whether the field keeps its value during a session."""


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _words(names: list[str], prefix: str) -> tuple[str, ...]:
    return tuple(_word(name, prefix) for name in names if not name.endswith("_UNSPECIFIED"))


FIELDS: dict[str, Field] = {
    "id": Field(Kind.TEXT, lambda session: session.id, constant=True),
    "user_id": Field(Kind.TEXT, lambda session: session.user_id, constant=True),
    "test_id": Field(Kind.TEXT, lambda session: session.test_id, constant=True),
    "profile": Field(Kind.TEXT, lambda session: session.profile, constant=True),
    "peer_address": Field(Kind.TEXT, lambda session: session.peer_address, constant=True),
    "user_agent": Field(Kind.TEXT, lambda session: session.user_agent, constant=True),
    "worker": Field(Kind.TEXT, lambda session: session.worker, constant=True),
    "state": Field(
        Kind.WORD,
        lambda session: _word(pb.SessionState.Name(session.state), "SESSION_STATE_"),
        _words(pb.SessionState.keys(), "SESSION_STATE_"),
    ),
    "evidence_kind": Field(
        Kind.WORD,
        lambda session: _word(pb.EvidenceKind.Name(session.evidence_kind), "EVIDENCE_KIND_"),
        _words(pb.EvidenceKind.keys(), "EVIDENCE_KIND_"),
    ),
    "verdict": Field(
        Kind.WORD,
        lambda session: _word(pb.Verdict.Name(session.verdict), "VERDICT_"),
        _words(pb.Verdict.keys(), "VERDICT_"),
    ),
    "opened_at": Field(Kind.TIME, lambda session: unix(session.opened_at)),
    "age": Field(Kind.SECONDS, lambda session: seconds(session.age)),
    "evidence_age": Field(Kind.SECONDS, lambda session: seconds(session.evidence_age)),
    "answer_age": Field(Kind.SECONDS, lambda session: seconds(session.answer_age)),
    "round_trip": Field(Kind.SECONDS, lambda session: seconds(session.round_trip)),
    "sent_bytes": Field(Kind.NUMBER, lambda session: session.sent_bytes),
    "received_bytes": Field(Kind.NUMBER, lambda session: session.received_bytes),
    "actual_download_bps": Field(Kind.NUMBER, lambda session: session.actual_download_bps),
    "actual_upload_bps": Field(Kind.NUMBER, lambda session: session.actual_upload_bps),
    "probe_failures": Field(Kind.NUMBER, lambda session: session.probe_failures),
}


def named(name: str, fields: Mapping[str, S]) -> S:
    """The field ``name``. Raises ValueError that lists the known ones."""
    try:
        return fields[name]
    except KeyError:
        raise ValueError(f"no field {name!r}; known are {', '.join(fields)}") from None
