"""Schedules pruning by age and size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, func, select

from householdd.measure.clock_trust import MAX_STEP_S, ClockReading, ClockTrust
from householdd.storage.pruning import Bounds, prune
from householdd.storage.schema import runs, sessions, writers
from householdd.storage.writing import SECONDS_PER_DAY, write_seen

log = structlog.get_logger("history")

INTERVAL_S = 300.0
"""Seconds between two passes."""


def read_clocks() -> ClockReading:
    return ClockReading(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True)
class Retention:
    """Limits of what is kept."""

    days: float
    most: int
    """Sessions, and runs."""
    max_bytes: int = 10**12
    """Both together."""
    min_session_s: float = 0.0
    """Shorter sessions that their clients ended are kept in sums only."""


class Pruner:
    """Prunes a database. Not thread-safe, except for ``warnings``."""

    def __init__(self, retention: Retention, server: str, clocks: Callable[[], ClockReading] = read_clocks) -> None:
        """``server`` is this machine's name."""
        self._retention = retention
        self._server = server
        self._clocks = clocks
        self._trust: ClockTrust | None = None
        """None until the database is first reached."""
        self._pass: Iterator[int] | None = None
        self._deleted = 0
        self._next_pass_at = float("-inf")
        """Seconds since boot."""
        self._told_untrusted = False
        self._told_future = False
        self.warnings: tuple[str, ...] = ()
        """A sentence each."""

    def is_due(self) -> bool:
        """Whether a pass is running or due."""
        return self._pass is not None or self._clocks().boot >= self._next_pass_at

    def note_written(self, connection: Connection) -> None:
        """Store the time of this write, if the clock is trusted."""
        now = self._clocks()
        if self._trust is None:
            self._trust = ClockTrust(_last_seen(connection, self._server), now)
        self._trust.update(now)
        write_seen(connection, self._server, self._trust.last_known)

    def step(self, engine: Engine) -> None:
        """Run one transaction of a pass. Raise SQLAlchemyError, after which a new pass begins."""
        if self._trust is None:
            with engine.begin() as connection:
                self.note_written(connection)
        try:
            if self._pass is None:
                self._pass = self._begin(engine)
            self._deleted += next(self._pass)
        except StopIteration:
            self._end()
        except Exception:
            self._pass = None
            raise

    def _begin(self, engine: Engine) -> Iterator[int]:
        now = self._clocks()
        trusted = self._trust is not None and self._trust.update(now)
        self._deleted = 0
        self._look_at_clock(engine, now, trusted=trusted)
        bounds = Bounds(self._retention.most, self._retention.max_bytes)
        oldest = now.wall - self._retention.days * SECONDS_PER_DAY if trusted else None
        return prune(engine, bounds, oldest, now.wall + MAX_STEP_S if trusted else None)

    def _end(self) -> None:
        self._pass = None
        self._next_pass_at = self._clocks().boot + INTERVAL_S
        if self._deleted:
            log.info("history pruned", deleted=self._deleted)

    def _look_at_clock(self, engine: Engine, now: ClockReading, *, trusted: bool) -> None:
        warnings = []
        if not trusted and self._trust is not None:
            warnings.append(_untrusted(self._trust, now))
            if not self._told_untrusted:
                log.warning("clock not trusted", problem=warnings[0])
        self._told_untrusted = not trusted
        if trusted and (future := _future(engine, now.wall + MAX_STEP_S)):
            warnings.append(future)
            if not self._told_future:
                log.warning("history rows in the future", problem=future)
            self._told_future = True
        self.warnings = tuple(warnings)


def _last_seen(connection: Connection, server: str) -> float | None:
    """Return the last write of this machine, else of any, else the newest row."""
    own: float | None = connection.scalar(select(writers.c.seen_at).where(writers.c.server == server))
    if own is not None:
        return own
    columns = (writers.c.seen_at, sessions.c.closed_at, runs.c.stored_at)
    found = [connection.scalar(select(func.max(column))) for column in columns]
    return found[0] or max((each for each in found if each is not None), default=None)


def _untrusted(trust: ClockTrust, now: ClockReading) -> str:
    ahead = trust.ahead(now)
    hours = trust.seconds_until_trusted(now) / 3600
    return (
        f"nothing is deleted as too old: the clock is {abs(ahead) / SECONDS_PER_DAY:.1f} days "
        f"{'ahead of' if ahead > 0 else 'behind'} the last time written ({_date(trust.last_known)} UTC); "
        f"if that is right, deleting begins in {hours:.0f} h"
    )


def _future(engine: Engine, limit: float) -> str:
    counts, latest = [], 0.0
    with engine.connect() as connection:
        for column in (sessions.c.closed_at, runs.c.stored_at):
            count, newest = connection.execute(select(func.count(), func.max(column)).where(column > limit)).one()
            counts.append(count)
            latest = max(latest, newest or 0.0)
    if not any(counts):
        return ""
    return (
        f"{counts[0]} sessions and {counts[1]} runs are dated in the future, up to {_date(latest)} UTC, "
        "and listed first: a clock was wrong when they were written"
    )


def _date(moment: float) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError):
        return f"{moment:.0f} s of Unix time,"
