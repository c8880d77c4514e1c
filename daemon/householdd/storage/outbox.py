"""The webhook's queue of runs, written in the transaction of the run, so that none is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from householdd.storage.rows import RunRow
from householdd.storage.schema import outbox
from householdd.storage.writing import insert_new

MAX_WAITING = 10_000
"""More runs are not delivered."""

ANNOUNCE_DELAY_S = 2.0
"""Seconds before the first attempt, in which the run's last sessions are stored."""

LEASE_S = 60.0
"""Seconds for which a daemon leases a run; longer than an attempt."""


@dataclass(frozen=True)
class Due:
    """Run that is due."""

    run_id: str
    queued_at: float
    """Unix time."""
    attempts: int


def add(connection: Connection, runs: Sequence[RunRow]) -> int:
    """Queue runs; return how many found the queue full."""
    room = max(MAX_WAITING - count(connection), 0)
    rows = [
        {"run_id": run.id, "queued_at": run.stored_at, "due_at": run.stored_at + ANNOUNCE_DELAY_S, "attempts": 0}
        for run in runs[:room]
    ]
    insert_new(connection, outbox, rows)
    return len(runs) - len(rows)


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(outbox)) or 0


def next_due(connection: Connection) -> float | None:
    """Return Unix time."""
    found: float | None = connection.scalar(select(func.min(outbox.c.due_at)))
    return found


def claim(connection: Connection, now: float) -> Due | None:
    """Lease the run that has been due longest; None if another daemon was faster."""
    statement = select(outbox).where(outbox.c.due_at <= now).order_by(outbox.c.due_at, outbox.c.run_id).limit(1)
    row = connection.execute(statement).first()
    if row is None:
        return None
    # A daemon that leased it has changed due_at.
    mine = update(outbox).where(outbox.c.run_id == row.run_id, outbox.c.due_at == row.due_at)
    attempts = row.attempts + 1
    if not connection.execute(mine.values(due_at=now + LEASE_S, attempts=attempts)).rowcount:
        return None
    return Due(row.run_id, row.queued_at, attempts)


def postpone(connection: Connection, run_id: str, due_at: float) -> None:
    """``due_at`` is Unix time."""
    connection.execute(update(outbox).where(outbox.c.run_id == run_id).values(due_at=due_at))


def remove(connection: Connection, run_id: str) -> None:
    connection.execute(delete(outbox).where(outbox.c.run_id == run_id))
