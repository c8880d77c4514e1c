"""Statements that write. All are idempotent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, func, update
from sqlalchemy.dialects import postgresql, sqlite

from householdd.session.close_reason import CloseReason, Fault
from householdd.storage.rows import Item, RunLink, RunRow, SessionRow
from householdd.storage.schema import people, runs, session_sums, sessions, writers

SECONDS_PER_DAY = 86400
SECONDS_PER_HOUR = 3600
HOURS_PER_DAY = 24

RUN_OVERHEAD_BYTES = 1200
"""Bytes beside the report: columns, people, indexes."""

CLIENT_REASONS = frozenset(
    {reason.value for reason in CloseReason if reason.fault in (Fault.CLIENT, Fault.NETWORK)}
    | {CloseReason.CLIENT_STOPPED.value, CloseReason.CLIENT_CLOSED.value}
)
"""Ends that a client brings about."""


def write(connection: Connection, items: Iterable[Item], min_session_s: float = 0.0) -> None:
    """Write in the caller's transaction; of shorter sessions that a client ended only the sums."""
    ended: dict[str, SessionRow] = {}
    reported: list[RunRow] = []
    links: list[RunLink] = []
    for item in items:
        match item:
            case SessionRow():
                # The later row wins; a statement may have an id only once.
                ended[item.id] = item
            case RunRow():
                reported.append(item)
            case RunLink():
                links.append(item)
    short = [row for row in ended.values() if _is_short(row, min_session_s)]
    if short:
        _add_to_sums(connection, short)
    if whole := [row for row in ended.values() if not _is_short(row, min_session_s)]:
        _write_sessions(connection, whole)
    if reported:
        insert_new(connection, runs, [_run(run) for run in reported])
        insert_new(connection, people, [{"run_id": run.id, **asdict(each)} for run in reported for each in run.people])
    for link in links:
        connection.execute(update(sessions).where(sessions.c.id.in_(link.session_ids)).values(run_id=link.run_id))


def _is_short(row: SessionRow, min_session_s: float) -> bool:
    # A stepped clock makes a duration negative. A stored run's sessions are shown with it.
    duration = max(row.closed_at - row.opened_at, 0.0)
    return duration < min_session_s and row.reason in CLIENT_REASONS and row.run_id is None


def _add_to_sums(connection: Connection, rows: Sequence[SessionRow]) -> None:
    # A worker taken for lost may report the real end later.
    connection.execute(delete(sessions).where(sessions.c.id.in_([row.id for row in rows])))
    sums: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in rows:
        hour = int(row.closed_at // SECONDS_PER_HOUR)
        key = {"hour": hour, "profile": row.profile, "reason": row.reason, "day": hour // HOURS_PER_DAY}
        empty = {"sessions": 0, "session_s": 0.0, "sent_bytes": 0, "received_bytes": 0}
        total = sums.setdefault((hour, row.profile, row.reason), key | empty)
        total["sessions"] += 1
        total["session_s"] += max(row.closed_at - row.opened_at, 0.0)
        total["sent_bytes"] += row.sent_bytes
        total["received_bytes"] += row.received_bytes
    statement = _insert(connection, session_sums)
    added = {
        name: session_sums.c[name] + statement.excluded[name]
        for name in ("sessions", "session_s", "sent_bytes", "received_bytes")
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(session_sums.primary_key), set_=added), list(sums.values())
    )


def write_seen(connection: Connection, server: str, seen_at: float) -> None:
    """Store the last write with a trusted clock; proves that writing works."""
    statement = _insert(connection, writers).values(server=server, seen_at=seen_at)
    connection.execute(statement.on_conflict_do_update(index_elements=[writers.c.server], set_={"seen_at": seen_at}))


def _write_sessions(connection: Connection, rows: Sequence[SessionRow]) -> None:
    # A worker taken for lost may report the real end later.
    statement = _insert(connection, sessions)
    fresh: dict[str, Any] = {
        column.name: statement.excluded[column.name] for column in sessions.c if column.name != "id"
    }
    fresh["run_id"] = func.coalesce(statement.excluded.run_id, sessions.c.run_id)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[sessions.c.id], set_=fresh), [_session(row) for row in rows]
    )


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _session(row: SessionRow) -> dict[str, Any]:
    return {**asdict(row), "day": int(row.closed_at // SECONDS_PER_DAY)}


def _run(row: RunRow) -> dict[str, Any]:
    plain = asdict(row)
    del plain["people"]
    stretches = msgspec.json.encode(row.stretches).decode() if row.stretches else None
    size = len(row.report.encode()) + len(stretches or "") + RUN_OVERHEAD_BYTES
    return {**plain, "stretches": stretches, "day": int(row.stored_at // SECONDS_PER_DAY), "size": size}
