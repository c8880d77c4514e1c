"""Live sessions grouped by household."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from household.v1.session_pb2 import Session, SessionState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PROBE = "probe"
"""Profile of connections that only measure."""

# From best to worst.
_STATES = (
    SessionState.SESSION_STATE_ACTIVE,
    SessionState.SESSION_STATE_HANDSHAKE,
    SessionState.SESSION_STATE_CLOSED,
    SessionState.SESSION_STATE_CLOSING,
    SessionState.SESSION_STATE_QUIET,
)
_VERDICTS = (Verdict.VERDICT_UNSPECIFIED, Verdict.VERDICT_LIVE, Verdict.VERDICT_FROZEN, Verdict.VERDICT_SILENT)


@dataclass(frozen=True)
class Household:
    """Sessions with the same daemon, address and test id."""

    target: str
    address: str
    test_id: str
    sessions: tuple[Session, ...]

    @property
    def key(self) -> str:
        """Key, constant while sessions come and go."""
        return f"{self.target} {self.address} {self.test_id or self.sessions[0].id}"

    @property
    def people(self) -> tuple[Session, ...]:
        return tuple(session for session in self.sessions if session.profile != PROBE)

    @property
    def probes(self) -> tuple[Session, ...]:
        return tuple(session for session in self.sessions if session.profile == PROBE)


def group(sessions: Iterable[tuple[str, Session]]) -> list[Household]:
    """Group sessions, each with its daemon, in order of first appearance.

    A session without a test id is its own household.
    """
    members: dict[tuple[str, str, str], list[Session]] = {}
    for target, session in sessions:
        members.setdefault((target, address_of(session), session.test_id or session.id), []).append(session)
    return [Household(key[0], key[1], found[0].test_id, tuple(found)) for key, found in members.items()]


def address_of(session: Session) -> str:
    return session.peer_address.rpartition(":")[0].strip("[]")


def summary(sessions: Sequence[Session]) -> Session:
    """Return sums of traffic, the worst state, the longest age, the median round trip."""
    merged = Session(
        id=sessions[0].id,
        test_id=sessions[0].test_id,
        peer_address=sessions[0].peer_address,
        state=max((session.state for session in sessions), key=_rank(_STATES)),
        verdict=max((session.verdict for session in sessions), key=_rank(_VERDICTS)),
        worker=", ".join(sorted({session.worker for session in sessions})),
        sent_bytes=sum(session.sent_bytes for session in sessions),
        received_bytes=sum(session.received_bytes for session in sessions),
        actual_download_bps=sum(session.actual_download_bps for session in sessions),
        actual_upload_bps=sum(session.actual_upload_bps for session in sessions),
        target_download_bps=sum(session.target_download_bps for session in sessions),
        target_upload_bps=sum(session.target_upload_bps for session in sessions),
        probe_failures=sum(session.probe_failures for session in sessions),
        server_limited=any(session.server_limited for session in sessions),
    )
    oldest = max(sessions, key=lambda session: session.age.ToNanoseconds())
    merged.age.CopyFrom(oldest.age)
    merged.opened_at.CopyFrom(oldest.opened_at)
    freshest = min(sessions, key=lambda session: session.evidence_age.ToNanoseconds())
    merged.evidence_age.CopyFrom(freshest.evidence_age)
    merged.evidence_kind = freshest.evidence_kind
    trips = [session.round_trip.ToNanoseconds() for session in sessions if session.HasField("round_trip")]
    if trips:
        merged.round_trip.FromNanoseconds(round(statistics.median(trips)))
    return merged


def composition(sessions: Sequence[Session]) -> str:
    """Return such as ``alex, sarah, jake, computer, 4 probe``."""
    counts = Counter(session.profile for session in sessions)
    people = [profile for profile in counts if profile != PROBE]
    return ", ".join(
        profile if counts[profile] == 1 else f"{counts[profile]} {profile}"
        for profile in (*people, *((PROBE,) if counts[PROBE] else ()))
    )


def _rank(order: Sequence[int]) -> Callable[[int], int]:
    """Return a sort key; unknown values, of a newer daemon, are the worst."""
    return lambda value: order.index(value) if value in order else len(order)
