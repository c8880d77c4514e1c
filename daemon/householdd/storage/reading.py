"""Queries of sessions and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, literal, select, tuple_
from sqlalchemy.sql import ColumnElement

from householdd.storage.rows import PersonRow, RunRow, SessionRow, StretchRow
from householdd.storage.schema import people, runs, sessions

Place = tuple[float, str]
"""Time and id of a row."""


def session_page(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], after: Place | None, count: int
) -> list[SessionRow]:
    """Return sessions that meet all conditions, newest first."""
    return [_session(row) for row in _page(connection, sessions, conditions, after, count)]


def run_page(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], after: Place | None, count: int
) -> list[RunRow]:
    """Return runs with their people, newest first."""
    rows = _page(connection, runs, conditions, after, count)
    by_run: dict[str, list[PersonRow]] = {row.id: [] for row in rows}
    for person in connection.execute(select(people).where(people.c.run_id.in_(by_run))):
        by_run[person.run_id].append(PersonRow(person.who, person.activity, person.score, person.verdict))
    return [_run(row, by_run[row.id]) for row in rows]


def run(connection: Connection, run_id: str) -> RunRow | None:
    found = run_page(connection, [runs.c.id == run_id], None, 1)
    return found[0] if found else None


def sessions_of(connection: Connection, run_id: str) -> list[SessionRow]:
    """Return sessions in the order in which they opened."""
    statement = select(sessions).where(sessions.c.run_id == run_id).order_by(sessions.c.opened_at, sessions.c.id)
    return [_session(row) for row in connection.execute(statement)]


def _page(
    connection: Connection, table: Table, conditions: Sequence[ColumnElement[bool]], after: Place | None, count: int
) -> Sequence[Row[Any]]:
    at = table.c.closed_at if table is sessions else table.c.stored_at
    statement = select(table).where(*conditions).order_by(at.desc(), table.c.id.desc()).limit(count)
    if after is not None:
        statement = statement.where(tuple_(at, table.c.id) < tuple_(*map(literal, after)))
    return connection.execute(statement).all()


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(**{field.name: getattr(row, field.name) for field in fields(SessionRow)})


_decode_stretches = msgspec.json.Decoder(tuple[StretchRow, ...]).decode


def _run(row: Row[Any], members: list[PersonRow]) -> RunRow:
    values = {field.name: getattr(row, field.name) for field in fields(RunRow) if field.name != "people"}
    values["stretches"] = () if row.stretches is None else _decode_stretches(row.stretches)
    return RunRow(**values, people=tuple(sorted(members, key=lambda each: each.who)))
