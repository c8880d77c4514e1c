"""Statements that write. Each may be repeated: what is there already stays as it is, or becomes more complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from householdd.storage.rows import Item, RunLink, RunRow, SessionRow
from householdd.storage.schema import outbox, people, runs, sessions

SECONDS_A_DAY = 86400


def write(connection: Connection, items: Iterable[Item]) -> None:
    """Writes ``items`` in the caller's transaction."""
    ended: dict[str, SessionRow] = {}
    reported: list[RunRow] = []
    links: list[RunLink] = []
    for item in items:
        match item:
            case SessionRow():
                # A statement may hold an id once; of two the later one counts.
                ended[item.id] = item
            case RunRow():
                reported.append(item)
            case RunLink():
                links.append(item)
    if ended:
        _write_sessions(connection, list(ended.values()))
    if reported:
        insert_new(connection, runs, [_run(run) for run in reported])
        insert_new(connection, people, [{"run_id": run.id, **asdict(each)} for run in reported for each in run.people])
    for link in links:
        connection.execute(update(sessions).where(sessions.c.id.in_(link.session_ids)).values(run_id=link.run_id))


def retain(connection: Connection, *, oldest: float, most: int) -> int:
    """Deletes sessions and runs from before Unix time ``oldest``, and the oldest of more than ``most``; how many."""
    deleted = 0
    for table, at in ((sessions, sessions.c.closed_at), (runs, runs.c.stored_at)):
        deleted += _delete(connection, table, at < oldest)
        newest_first = select(at, table.c.id).order_by(at.desc(), table.c.id.desc())
        last = connection.execute(newest_first.offset(most - 1).limit(1)).first()
        if last is not None:
            deleted += _delete(connection, table, tuple_(at, table.c.id) < tuple_(*map(literal, last)))
    return deleted


def _delete(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    if table is runs:
        for beside in (people, outbox):
            connection.execute(delete(beside).where(beside.c.run_id.in_(select(runs.c.id).where(which))))
    return connection.execute(delete(table).where(which)).rowcount


def _write_sessions(connection: Connection, rows: Sequence[SessionRow]) -> None:
    # A session whose worker was taken for lost may tell of its real end later.
    statement = _insert(connection, sessions)
    fresh: dict[str, Any] = {
        column.name: statement.excluded[column.name] for column in sessions.c if column.name != "id"
    }
    fresh["run_id"] = func.coalesce(statement.excluded.run_id, sessions.c.run_id)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[sessions.c.id], set_=fresh), [_session(row) for row in rows]
    )


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the rows whose key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _session(row: SessionRow) -> dict[str, Any]:
    return {**asdict(row), "day": int(row.closed_at // SECONDS_A_DAY)}


def _run(row: RunRow) -> dict[str, Any]:
    plain = asdict(row)
    del plain["people"]
    return {**plain, "day": int(row.stored_at // SECONDS_A_DAY)}
