"""Runs that a webhook is still to be told of. They are written with the run, so that none is lost in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from householdd.storage.rows import RunRow
from householdd.storage.schema import outbox
from householdd.storage.writing import insert_new

MAX_WAITING = 10_000
"""Runs that may wait; more are not announced."""

ANNOUNCE_DELAY_S = 2.0
"""Seconds from a run's storing to the first attempt: its last sessions end meanwhile, and are told of as well."""

LEASE_S = 60.0
"""Seconds for which an attempt is one daemon's own, of those that share a database; longer than it takes."""


@dataclass(frozen=True)
class Due:
    """A run that it is time to tell of."""

    run_id: str
    queued_at: float
    """Unix time."""
    attempts: int
    """How often it was tried, this time included."""


def add(connection: Connection, runs: Sequence[RunRow]) -> int:
    """Queues runs that were stored; how many were not, because too many wait."""
    room = max(MAX_WAITING - count(connection), 0)
    rows = [
        {"run_id": run.id, "queued_at": run.stored_at, "due_at": run.stored_at + ANNOUNCE_DELAY_S, "attempts": 0}
        for run in runs[:room]
    ]
    insert_new(connection, outbox, rows)
    return len(runs) - len(rows)


def count(connection: Connection) -> int:
    """Runs that wait."""
    return connection.scalar(select(func.count()).select_from(outbox)) or 0


def next_due(connection: Connection) -> float | None:
    """Unix time of the next attempt; None where none waits."""
    found: float | None = connection.scalar(select(func.min(outbox.c.due_at)))
    return found


def claim(connection: Connection, now: float) -> Due | None:
    """The run that has been due for longest, which is then nobody else's for the length of a lease."""
    statement = select(outbox).where(outbox.c.due_at <= now).order_by(outbox.c.due_at, outbox.c.run_id).limit(1)
    row = connection.execute(statement).first()
    if row is None:
        return None
    # Another daemon may have been faster: then it is another time.
    mine = update(outbox).where(outbox.c.run_id == row.run_id, outbox.c.due_at == row.due_at)
    attempts = row.attempts + 1
    if not connection.execute(mine.values(due_at=now + LEASE_S, attempts=attempts)).rowcount:
        return None
    return Due(row.run_id, row.queued_at, attempts)


def postpone(connection: Connection, run_id: str, due_at: float) -> None:
    """The next attempt is at Unix time ``due_at``."""
    connection.execute(update(outbox).where(outbox.c.run_id == run_id).values(due_at=due_at))


def remove(connection: Connection, run_id: str) -> None:
    """A run was delivered or given up."""
    connection.execute(delete(outbox).where(outbox.c.run_id == run_id))
