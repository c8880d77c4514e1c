"""The queue in front of the database, and the thread behind it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from householdd.storage import engine, migrations, outbox, writing
from householdd.storage.rows import Item, RunRow

log = structlog.get_logger("history")

MOST_WAITING = 20_000
"""Items that may wait for the database: sessions of some hours on a busy server."""

MOST_RUNS_WAITING = 1000
"""Runs among them; each may have 16 KiB."""

BATCH = 500
"""Items of one transaction."""

FIRST_BACKOFF = 0.5
"""Seconds until a failed write is tried again; twice as long each time, up to ``LAST_BACKOFF``."""

LAST_BACKOFF = 30.0

RETENTION_INTERVAL = 300.0
"""Seconds between two looks at what is too old or too much."""


@dataclass(frozen=True)
class Retention:
    """How long what is kept."""

    days: float
    most: int
    """Sessions, and as many runs."""


@dataclass(frozen=True)
class StoreStatus:
    """How the store fares."""

    problem: str
    """Why the last attempt to write failed; empty while writing works."""
    waiting: int
    written: int
    """Items since the start."""
    dropped: int
    """Items since the start that found the queue full, or that the database refused."""


class Store:
    """Takes items from any thread, without waiting, and writes them in its own."""

    def __init__(self, url: URL, retention: Retention) -> None:
        self.url = url
        self.engine = engine.open_engine(url)
        self.announce: Callable[[int], None] | None = None
        """Set before the start where a webhook is told of runs: called in the writer's thread when runs were queued
        for it, with how many found its queue full, and whenever the database has been found ready."""
        self._retention = retention
        self._queue: deque[Item] = deque()
        self._runs: dict[str, RunRow] = {}
        """Runs that are in the queue, by id."""
        self._changed = threading.Condition()
        self._closing_at: float | None = None
        """When the thread ends at the latest; set once."""
        self._problem = ""
        self._written = 0
        self._dropped = 0
        self._unannounced = 0
        """Runs of the last batch that found the webhook's queue full."""
        self._prepared = False
        """Whether the schema is known to be there."""
        self._retained_at: float | None = None
        # A daemon thread: one that is stuck in a database must not keep the process.
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def put(self, item: Item) -> bool:
        """Takes an item; False, and the item is counted as dropped, where the queue is full."""
        with self._changed:
            full = len(self._queue) >= MOST_WAITING
            if isinstance(item, RunRow):
                full = full or len(self._runs) >= MOST_RUNS_WAITING
            if full:
                self._dropped += 1
                return False
            if isinstance(item, RunRow):
                self._runs[item.id] = item
            self._queue.append(item)
            self._changed.notify()
            return True

    def count_dropped(self, count: int) -> None:
        """Counts items that were dropped before they came here."""
        with self._changed:
            self._dropped += count

    def waiting_run(self, run_id: str) -> RunRow | None:
        """A run that is not written yet."""
        with self._changed:
            return self._runs.get(run_id)

    def status(self) -> StoreStatus:
        """How it fares."""
        with self._changed:
            return StoreStatus(self._problem, len(self._queue), self._written, self._dropped)

    def close(self, deadline: float) -> None:
        """Writes what is left, for at most ``deadline`` seconds."""
        with self._changed:
            self._closing_at = time.monotonic() + deadline
            self._changed.notify()
        self._thread.join(deadline)
        if left := self.status().waiting:
            log.error("history incomplete", lost=left, problem=self._problem)
        self.engine.dispose()

    def _run(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            fresh = not self._prepared
            try:
                self._write(batch)
            except Exception as error:
                if not isinstance(error, SQLAlchemyError | OSError | migrations.NewerSchemaError):
                    # Without its thread nothing would be written any more, and nobody would know.
                    log.exception("a defect in writing the history")
                self._failed(error)
                if not self._pause(backoff):
                    return
                backoff = min(backoff * 2, LAST_BACKOFF)
            else:
                backoff = FIRST_BACKOFF
                self._done(batch)
                if self.announce and (fresh or any(isinstance(item, RunRow) for item in batch)):
                    self.announce(self._unannounced)
                    self._unannounced = 0

    def _next_batch(self) -> list[Item] | None:
        """What is to be written next, left in the queue; None when there is nothing more to do.

        Empty when it is time to prepare the database or to look at what is too old.
        """
        with self._changed:
            while not self._queue and self._prepared and not self._retention_due():
                if self._closing_at is not None:
                    return None
                self._changed.wait(RETENTION_INTERVAL)
            return [self._queue[index] for index in range(min(BATCH, len(self._queue)))]

    def _write(self, batch: list[Item]) -> None:
        if not self._prepared:
            engine.make_file(self.url)
        with self.engine.begin() as connection:
            if not self._prepared:
                migrations.migrate(connection)
        self._prepared = True
        try:
            self._write_all(batch)
        except (DataError, IntegrityError):
            # One item that the database does not take must not hold up the others for ever.
            for item in batch:
                self._write_one(item)
        if self._retention_due():
            with self.engine.begin() as connection:
                oldest = time.time() - self._retention.days * writing.SECONDS_A_DAY
                deleted = writing.retain(connection, oldest=oldest, most=self._retention.most)
            self._retained_at = time.monotonic()
            if deleted:
                log.info("history shortened", deleted=deleted)

    def _write_all(self, batch: Sequence[Item]) -> None:
        full = 0
        with self.engine.begin() as connection:
            writing.write(connection, batch)
            if self.announce and (runs := [item for item in batch if isinstance(item, RunRow)]):
                full = outbox.add(connection, runs)
        self._unannounced += full

    def _write_one(self, item: Item) -> None:
        try:
            self._write_all([item])
        except (DataError, IntegrityError) as error:
            log.error("history refused an item", item=type(item).__name__, problem=_first_line(error))  # noqa: TRY400
            self.count_dropped(1)

    def _retention_due(self) -> bool:
        return self._retained_at is None or time.monotonic() - self._retained_at >= RETENTION_INTERVAL

    def _done(self, batch: list[Item]) -> None:
        with self._changed:
            for _ in batch:
                item = self._queue.popleft()
                if isinstance(item, RunRow):
                    self._runs.pop(item.id, None)
            self._written += len(batch)
            recovered, self._problem = self._problem, ""
        if recovered:
            log.info("history is written again", dropped=self._dropped)

    def _failed(self, error: Exception) -> None:
        # The file may be another one by the next time.
        self._prepared = False
        problem = _first_line(error)
        with self._changed:
            known, self._problem = self._problem, problem
        if problem != known:
            log.error("history is not written", problem=problem, waiting=len(self._queue))

    def _pause(self, seconds: float) -> bool:
        """Waits for the next attempt; False when there is none."""
        until = time.monotonic() + seconds
        with self._changed:
            while (now := time.monotonic()) < until:
                if self._closing_at is not None and now + FIRST_BACKOFF > self._closing_at:
                    return False
                if self._closing_at is not None:
                    until = min(until, now + FIRST_BACKOFF)
                self._changed.wait(until - now)
        return True


def _first_line(error: Exception) -> str:
    """What the database said, without statement and parameters, which may hold addresses."""
    original = getattr(error, "orig", None) or error
    return str(original).strip().partition("\n")[0]
