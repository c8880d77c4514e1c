"""Deletes old and surplus rows, a few in each transaction, so that the writer does not wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, delete, func, literal, select
from sqlalchemy.sql import ColumnElement

from householdd.capacity.max_min_fairness import Holding, kept_rows
from householdd.storage.schema import outbox, people, runs, session_sums, sessions
from householdd.storage.writing import RUN_OVERHEAD_BYTES, SECONDS_PER_HOUR

BATCH_SIZE = 1000
"""Rows in a transaction."""

SESSION_BYTES = 800
"""Bytes with indexes; measured: 636 in SQLite, 819 in PostgreSQL."""

OLD_RUN_BYTES = 14_000 + RUN_OVERHEAD_BYTES
"""Assumed bytes of a run without a stored size."""


@dataclass(frozen=True)
class Bounds:
    """Bounds of the history."""

    max_rows: int
    """Sessions, and runs."""
    max_bytes: int
    """Sessions and runs together."""


@dataclass(frozen=True)
class _Cell:
    table: Table
    block: str | None
    holding: Holding
    size: float
    """In bytes."""

    def holding_in_bytes(self, rows: int) -> Holding:
        return Holding(rows, self.size * rows / self.holding.rows, self.holding.newest)

    @property
    def condition(self) -> ColumnElement[bool]:
        column = self.table.c.address_block
        # IS NOT DISTINCT FROM would use no index of PostgreSQL.
        return column.is_(None) if self.block is None else column == self.block


def prune(engine: Engine, bounds: Bounds, oldest: float | None, future: float | None) -> Iterator[int]:
    """Delete, and yield the number of rows after each transaction.

    First rows older than Unix time ``oldest``; beyond the bounds then rows dated after ``future``, and the oldest of
    the largest networks.
    """
    if oldest is not None:
        for table in (sessions, runs):
            yield from _delete_all(engine, table, [_at(table) < oldest])
        with engine.begin() as connection:
            too_old = session_sums.c.hour < oldest // SECONDS_PER_HOUR
            deleted = connection.execute(delete(session_sums).where(too_old)).rowcount
        yield deleted
    with engine.connect() as connection:
        cells = _cells(connection)
    if future is not None and any(_surplus(cells, bounds)):
        for table in (sessions, runs):
            yield from _delete_all(engine, table, [_at(table) > future])
        with engine.connect() as connection:
            cells = _cells(connection)
    yield from _delete_surplus(engine, cells, _surplus(cells, bounds))


def _at(table: Table) -> ColumnElement[float]:
    return table.c.closed_at if table is sessions else table.c.stored_at


def _delete_all(engine: Engine, table: Table, conditions: Sequence[ColumnElement[bool]]) -> Iterator[int]:
    while True:
        with engine.begin() as connection:
            deleted = _delete_oldest(connection, table, conditions, BATCH_SIZE)
        if not deleted:
            return
        yield deleted


def _delete_surplus(engine: Engine, cells: Sequence[_Cell], surplus: Sequence[int]) -> Iterator[int]:
    """Delete the surplus of each cell; small ones share a transaction, a large one takes several."""
    waiting = [(cell, count) for cell, count in zip(cells, surplus, strict=True) if count]
    while waiting:
        room = BATCH_SIZE
        with engine.begin() as connection:
            while waiting and room:
                cell, count = waiting.pop()
                some = min(count, room)
                _delete_oldest(connection, cell.table, [cell.condition], some)
                room -= some
                if count > some:
                    waiting.append((cell, count - some))
        yield BATCH_SIZE - room


def _delete_oldest(connection: Connection, table: Table, conditions: Sequence[ColumnElement[bool]], count: int) -> int:
    statement = select(table.c.id).where(*conditions).order_by(_at(table), table.c.id).limit(count)
    ids = connection.scalars(statement).all()
    if ids and table is runs:
        for beside in (people, outbox):
            connection.execute(delete(beside).where(beside.c.run_id.in_(ids)))
    if ids:
        connection.execute(delete(table).where(table.c.id.in_(ids)))
    return len(ids)


def _cells(connection: Connection) -> list[_Cell]:
    found = []
    sizes = {
        sessions: func.count() * literal(SESSION_BYTES),
        runs: func.sum(func.coalesce(runs.c.size, OLD_RUN_BYTES)),
    }
    for table, size in sizes.items():
        block = table.c.address_block
        statement = select(block, func.count(), size, func.max(_at(table))).group_by(block)
        for name, rows, taken, newest in connection.execute(statement):
            found.append(_Cell(table, name, Holding(rows, rows, newest), float(taken)))
    return found


def _surplus(cells: Sequence[_Cell], bounds: Bounds) -> list[int]:
    """Return the number of rows to delete from each cell."""
    kept = [cell.holding.rows for cell in cells]
    for table in (sessions, runs):
        places = [place for place, cell in enumerate(cells) if cell.table is table]
        _cut(kept, places, [cells[place].holding for place in places], bounds.max_rows)
    places = [place for place, count in enumerate(kept) if count]
    _cut(kept, places, [cells[place].holding_in_bytes(kept[place]) for place in places], bounds.max_bytes)
    return [cell.holding.rows - count for cell, count in zip(cells, kept, strict=True)]


def _cut(kept: list[int], places: Sequence[int], holdings: Sequence[Holding], allowed: float) -> None:
    for place, count in zip(places, kept_rows(holdings, allowed), strict=True):
        kept[place] = count
