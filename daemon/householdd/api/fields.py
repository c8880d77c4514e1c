"""Fields of filters and orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from household.v1 import session_pb2 as pb
from household_filters.fields import LIVE_FIELDS, FieldSpec
from householdd.api.convert import seconds, unix
from householdd.clients.addresses import host_of


@dataclass(frozen=True)
class Field:
    """A field of a session."""

    spec: FieldSpec
    get: Callable[[pb.Session], str | float]
    has: Callable[[pb.Session], bool] = lambda _: True
    """Whether the value is known; empty text never is."""


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _unsent(session: pb.Session) -> float:
    return session.connection.unsent_bytes + session.connection.buffered_bytes


def _field(
    name: str, get: Callable[[pb.Session], str | float], has: Callable[[pb.Session], bool] = lambda _: True
) -> tuple[str, Field]:
    return name, Field(LIVE_FIELDS[name], get, has)


FIELDS: dict[str, Field] = dict(
    (
        _field("id", lambda session: session.id),
        _field("user_id", lambda session: session.user_id),
        _field("test_id", lambda session: session.test_id),
        _field("profile", lambda session: session.profile),
        _field("address", lambda session: host_of(session.peer_address)),
        _field("peer_address", lambda session: session.peer_address),
        _field("user_agent", lambda session: session.user_agent),
        _field("worker", lambda session: session.worker),
        _field("state", lambda session: _word(pb.SessionState.Name(session.state), "SESSION_STATE_")),
        _field(
            "evidence_kind",
            lambda session: _word(pb.EvidenceKind.Name(session.evidence_kind), "EVIDENCE_KIND_"),
            lambda session: bool(session.evidence_kind),
        ),
        _field(
            "verdict",
            lambda session: _word(pb.Verdict.Name(session.verdict), "VERDICT_"),
            lambda session: bool(session.verdict),
        ),
        _field("opened_at", lambda session: unix(session.opened_at)),
        _field("age", lambda session: seconds(session.age)),
        _field(
            "evidence_age", lambda session: seconds(session.evidence_age), lambda session: bool(session.evidence_kind)
        ),
        _field("answer_age", lambda session: seconds(session.answer_age)),
        _field(
            "round_trip", lambda session: seconds(session.round_trip), lambda session: session.HasField("round_trip")
        ),
        _field("sent_bytes", lambda session: session.sent_bytes),
        _field("received_bytes", lambda session: session.received_bytes),
        _field("actual_download_bps", lambda session: session.actual_download_bps),
        _field("actual_upload_bps", lambda session: session.actual_upload_bps),
        _field("probe_failures", lambda session: session.probe_failures),
        _field(
            "retransmits",
            lambda session: session.connection.retransmits,
            lambda session: session.HasField("connection"),
        ),
        _field("unsent_bytes", _unsent, lambda session: session.HasField("connection")),
    )
)
