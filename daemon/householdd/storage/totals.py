"""Sums of sessions and runs by group."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select

from householdd.storage.schema import people, runs, session_sums, sessions
from householdd.storage.writing import SECONDS_PER_DAY, SECONDS_PER_HOUR

Grouping = Literal["all", "day", "address_block", "profile", "reason", "grade", "verdict", "cause", "hurting"]

MAX_GROUPS = 10_000
"""The largest groups."""


@dataclass
class GroupTotals:
    """Totals that do not apply are 0."""

    key: str
    sessions: int = 0
    session_s: float = 0.0
    sent_bytes: int = 0
    received_bytes: int = 0
    runs: int = 0
    valid_runs: int = 0
    mean_increase_p95_ms: float | None = field(default=None)
    """Of the valid runs, by the witness that carries the grade."""


def groups(connection: Connection, grouping: Grouping, since: float | None, until: float | None) -> list[GroupTotals]:
    """Return groups from Unix time ``since`` until before ``until``, by key.

    Sessions kept in sums only count by whole hours, and without a network.
    """
    found: dict[str, GroupTotals] = {}
    session_key, run_key = _session_key(grouping), _run_key(grouping)
    if session_key is not None:
        _add_sessions(connection, session_key, since, until, found)
        _add_short_sessions(connection, grouping, since, until, found)
    if run_key is not None:
        _add_runs(connection, run_key, since, until, found, by_person=grouping == "verdict")
    for group in found.values():
        if grouping == "day":
            group.key = datetime.fromtimestamp(int(group.key) * SECONDS_PER_DAY, UTC).date().isoformat()
    return sorted(found.values(), key=lambda group: group.key)


def _session_key(grouping: Grouping) -> ColumnElement[Any] | None:
    match grouping:
        case "all":
            return literal("")
        case "day" | "address_block" | "profile" | "reason":
            return sessions.c[grouping]
        case _:
            return None


def _run_key(grouping: Grouping) -> ColumnElement[Any] | None:
    match grouping:
        case "all":
            return literal("")
        case "day" | "address_block" | "cause" | "hurting":
            return runs.c[grouping]
        case "grade":
            return case((runs.c.valid, runs.c.grade), else_="invalid")
        case "verdict":
            return people.c.verdict
        case _:
            return None


def _add_sessions(
    connection: Connection,
    key: ColumnElement[Any],
    since: float | None,
    until: float | None,
    found: dict[str, GroupTotals],
) -> None:
    at = sessions.c.closed_at
    statement = select(
        key.label("key"),
        func.count().label("number"),
        func.sum(at - sessions.c.opened_at).label("seconds"),
        func.sum(sessions.c.sent_bytes).label("sent"),
        func.sum(sessions.c.received_bytes).label("received"),
    ).select_from(sessions)
    for row in connection.execute(_grouped(statement, at, since, until)):
        group = _group(found, row.key)
        group.sessions, group.session_s = row.number, row.seconds
        group.sent_bytes, group.received_bytes = int(row.sent), int(row.received)


def _add_short_sessions(
    connection: Connection, grouping: Grouping, since: float | None, until: float | None, found: dict[str, GroupTotals]
) -> None:
    key = session_sums.c[grouping] if grouping in session_sums.c else literal("")
    names = ("sessions", "session_s", "sent_bytes", "received_bytes")
    statement = select(key.label("key"), *(func.sum(session_sums.c[name]).label(name) for name in names))
    if since is not None:
        statement = statement.where(session_sums.c.hour >= int(since // SECONDS_PER_HOUR))
    if until is not None:
        statement = statement.where(session_sums.c.hour * SECONDS_PER_HOUR < until)
    for row in connection.execute(statement.group_by("key")):
        group = _group(found, row.key)
        group.sessions += int(row.sessions)
        group.session_s += row.session_s
        group.sent_bytes += int(row.sent_bytes)
        group.received_bytes += int(row.received_bytes)


def _add_runs(  # noqa: PLR0913 - as for sessions
    connection: Connection,
    key: ColumnElement[Any],
    since: float | None,
    until: float | None,
    found: dict[str, GroupTotals],
    *,
    by_person: bool,
) -> None:
    valid = case((runs.c.valid, 1), else_=0)
    increase = case((runs.c.witness == "kernel", runs.c.kernel_increase_p95_ms), else_=runs.c.increase_p95_ms)
    statement = select(
        key.label("key"),
        func.count().label("number"),
        func.sum(valid).label("valid"),
        func.avg(case((runs.c.valid, increase))).label("increase"),
    )
    if by_person:
        statement = statement.select_from(runs.join(people, people.c.run_id == runs.c.id)).where(runs.c.valid)
    else:
        statement = statement.select_from(runs)
    for row in connection.execute(_grouped(statement, runs.c.stored_at, since, until)):
        group = _group(found, row.key)
        group.runs, group.valid_runs, group.mean_increase_p95_ms = row.number, int(row.valid), row.increase


def _grouped(statement: Select[Any], at: ColumnElement[float], since: float | None, until: float | None) -> Select[Any]:
    if since is not None:
        statement = statement.where(at >= since)
    if until is not None:
        statement = statement.where(at < until)
    # PostgreSQL treats a repeated expression with parameters as a different one.
    return statement.group_by("key").order_by(func.count().desc()).limit(MAX_GROUPS)


def _group(found: dict[str, GroupTotals], key: object) -> GroupTotals:
    name = "" if key is None else str(key)
    return found.setdefault(name, GroupTotals(name))
