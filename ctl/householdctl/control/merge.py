"""Merges sessions and kills of several daemons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from household.v1.session_service_pb2 import KillOutcome
from householdctl.control.households import address_of
from householdctl.output.serialize import Tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.protobuf.message import Message

    from household.v1.session_pb2 import Session
    from household.v1.session_service_pb2 import KillSessionsResponse

# From least to most informative: a session lives at one daemon.
_OUTCOMES = (
    KillOutcome.KILL_OUTCOME_NOT_FOUND,
    KillOutcome.KILL_OUTCOME_ALREADY_CLOSED,
    KillOutcome.KILL_OUTCOME_SCHEDULED,
    KillOutcome.KILL_OUTCOME_KILLED,
)


_DERIVED: dict[str, Callable[[Any], Any]] = {
    "address": address_of,
    "retransmits": lambda session: session.connection.retransmits,
    "unsent_bytes": lambda session: session.connection.unsent_bytes + session.connection.buffered_bytes,
}
"""Fields of filters and orders that a session lacks."""


def merge_sessions(lists: Iterable[tuple[str, Iterable[Session]]], order_by: str, limit: int | None) -> list[Tagged]:
    """Return at most ``limit`` sessions in order; ids break ties.

    Each list holds its daemon's first ``limit`` in that order.
    """
    merged = [Tagged(target, session) for target, sessions in lists for session in sessions]
    merged.sort(key=lambda tagged: (tagged.message.id, tagged.target))
    # Sorts are stable, so the first field comes last.
    for part in reversed((order_by or "opened_at").split(",")):
        name, _, direction = part.strip().partition(" ")
        merged.sort(key=_by(name), reverse=direction.strip() == "desc")
    return merged[:limit]


def merge_kills(answers: Iterable[tuple[str, KillSessionsResponse]]) -> list[Tagged]:
    """Return each session's most informative result; without a daemon if unknown."""
    results: dict[str, Tagged] = {}
    for target, answer in answers:
        for result in answer.results:
            known = result.outcome != KillOutcome.KILL_OUTCOME_NOT_FOUND
            found = Tagged(target if known else "", result)
            results[result.id] = max(results.get(result.id, found), found, key=_rank)
    return list(results.values())


def _rank(tagged: Tagged) -> int:
    outcome = tagged.message.outcome
    return _OUTCOMES.index(outcome) if outcome in _OUTCOMES else len(_OUTCOMES)


def _by(name: str) -> Callable[[Tagged], Any]:
    return lambda tagged: _place(tagged.message, name)


def _place(message: Message, name: str) -> Any:
    """Order an enum by name, a duration by length."""
    if name in _DERIVED:
        return _DERIVED[name](message)
    value = getattr(message, name)
    if isinstance(value, Duration):
        return value.ToNanoseconds()
    if isinstance(value, Timestamp):
        return value.ToMicroseconds()
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else ""
    return value
