"""Folded households, and sessions of unfolded ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from householdctl.control.households import Household, group
from householdctl.control.merge import merge_sessions
from householdctl.output.serialize import Tagged
from householdctl.views.households import group_row, member_row, probes_key, probes_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from household.v1.session_pb2 import Session


@dataclass(frozen=True)
class TopRow(Tagged):
    """``key`` stays when the row moves."""

    key: str
    sessions: tuple[Session, ...]

    @property
    def folds(self) -> bool:
        return len(self.sessions) > 1


def flat_rows(sessions: list[Tagged], order: str) -> list[TopRow]:
    return [_single(each) for each in _sorted(sessions, order)]


def grouped_rows(sessions: list[Tagged], order: str, unfolded: AbstractSet[str]) -> list[TopRow]:
    """Return a row for each household, and each session of ``unfolded`` ones."""
    households = {each.key: each for each in group((tagged.target, tagged.message) for tagged in sessions)}
    heads = [
        Tagged(each.target, each.sessions[0] if len(each.sessions) == 1 else group_row(each, unfolded=key in unfolded))
        for key, each in households.items()
    ]
    rows: list[TopRow] = []
    for head in _sorted(heads, order):
        household = households.get(head.message.id)
        if household is None:
            rows.append(_single(head))
            continue
        rows.append(_folded(head.target, head.message, household.sessions))
        if household.key in unfolded:
            rows += _members(household, order, unfolded)
    return rows


def _members(household: Household, order: str, unfolded: AbstractSet[str]) -> Iterator[TopRow]:
    """Yield people, then probes, folded or not."""
    target = household.target
    for each in _sorted([Tagged(target, session) for session in household.people], order):
        yield TopRow(target, member_row(each.message, 1), each.message.id, (each.message,))
    probes = household.probes
    if len(probes) > 1:
        row = _folded(target, probes_row(household, unfolded=probes_key(household) in unfolded), probes)
        yield row
        if row.key not in unfolded:
            return
    for probe in probes:
        yield TopRow(target, member_row(probe, 2 if len(probes) > 1 else 1), probe.id, (probe,))


def _folded(target: str, shown: Session, sessions: tuple[Session, ...]) -> TopRow:
    """``shown`` has the key in place of an id."""
    key, shown.id = shown.id, ""
    return TopRow(target, shown, key, sessions)


def _single(tagged: Tagged) -> TopRow:
    return TopRow(tagged.target, tagged.message, tagged.message.id, (tagged.message,))


def _sorted(rows: list[Tagged], order: str) -> list[Tagged]:
    return merge_sessions(((each.target, [each.message]) for each in rows), order, None)
