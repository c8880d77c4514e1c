"""A queue of items, and a thread that writes them."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from householdd.measure.clock_trust import ClockReading
from householdd.storage import engine, migrations, outbox, writing
from householdd.storage.problems import ProblemKind, describe, kind_of
from householdd.storage.retention import Pruner, Retention, read_clocks
from householdd.storage.rows import Item, RunRow

log = structlog.get_logger("history")

MAX_WAITING = 20_000
"""Sessions of some hours on a busy server."""

MAX_RUNS_WAITING = 1000
"""Up to 16 KiB each."""

BATCH_SIZE = 500
"""Items in a transaction."""

FIRST_BACKOFF_S = 0.5
"""Seconds before the first retry, doubled each time."""

MAX_BACKOFF_S = 5.0
"""Short, so that all daemons write soon after the database is back."""

CHECK_INTERVAL_S = 15.0
"""Seconds without a write after which one is tried."""

ANSWER_PATIENCE_S = engine.CONNECT_TIMEOUT_S + 5.0
"""Seconds after which a pending attempt has failed; longer than a connection's or lock's timeout."""


@dataclass(frozen=True)
class StoreStatus:
    """State of the store."""

    problem: str
    """Why the last attempt failed; empty while writing works."""
    problem_kind: ProblemKind | None
    failing_since: float | None
    """Unix time of the first failure since the last success."""
    waiting: int
    written: int
    dropped: int
    """Items that found the queue full or were refused."""
    warnings: tuple[str, ...] = ()
    """Warnings for operators."""


class Store:
    """Takes items from any thread without waiting."""

    def __init__(self, url: URL, retention: Retention, clocks: Callable[[], ClockReading] = read_clocks) -> None:
        self.url = url
        self.engine = engine.open_engine(url)
        self.announce: Callable[[int], None] | None = None
        """Set before the start.

        Called in the writer's thread when runs were queued for the webhook, with the number that found its queue full,
        and when the database became ready.
        """
        self._min_session_s = retention.min_session_s
        self._keeper = Pruner(retention, socket.gethostname(), clocks)
        self._queue: deque[Item] = deque()
        self._runs: dict[str, tuple[RunRow, Future[bool]]] = {}
        """By id, with the future that tells whether the run was written."""
        self._changed = threading.Condition()
        self._closing_at: float | None = None
        """Monotonic; the thread ends by then."""
        self._problem = ""
        self._problem_kind: ProblemKind | None = None
        self._failing_since: float | None = None
        self._attempt_began: float | None = None
        """Monotonic; set only during an attempt."""
        self._written = 0
        self._dropped = 0
        self._refused: set[str] = set()
        """Runs of this batch that the database refused."""
        self._unannounced = 0
        """Runs that found the webhook's queue full."""
        self._prepared = False
        """Whether the schema is current."""
        self._checked_at = float("-inf")
        """Monotonic."""
        # A thread stuck in the database must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Item) -> bool:
        """Return False, and count the item as dropped, if the queue is full."""
        return self._put(item, Future())

    def put_run(self, run: RunRow) -> Future[bool] | None:
        """Return None if the queue is full."""
        written: Future[bool] = Future()
        # Cancelling does not prevent the write.
        written.set_running_or_notify_cancel()
        return written if self._put(run, written) else None

    def _put(self, item: Item, written: Future[bool]) -> bool:
        with self._changed:
            full = len(self._queue) >= MAX_WAITING
            if isinstance(item, RunRow):
                full = full or len(self._runs) >= MAX_RUNS_WAITING
            if full:
                self._dropped += 1
                return False
            if isinstance(item, RunRow):
                self._runs[item.id] = item, written
            self._queue.append(item)
            self._changed.notify()
            return True

    def count_dropped(self, count: int) -> None:
        """Count items dropped elsewhere."""
        with self._changed:
            self._dropped += count

    def waiting_run(self, run_id: str) -> RunRow | None:
        """Return a run still in the queue."""
        with self._changed:
            found = self._runs.get(run_id)
            return None if found is None else found[0]

    def status(self) -> StoreStatus:
        with self._changed:
            problem, kind, since = self._problem, self._problem_kind, self._failing_since
            began = self._attempt_began
            stuck = 0.0 if began is None else time.monotonic() - began
            if not problem and stuck > ANSWER_PATIENCE_S:
                problem, kind = f"the database has not answered for {stuck:.0f} s", "unreachable"
                since = time.time() - stuck
            return StoreStatus(
                problem, kind, since, len(self._queue), self._written, self._dropped, self._keeper.warnings
            )

    def check_soon(self) -> None:
        """Call when a reader could not reach the database."""
        with self._changed:
            self._checked_at = float("-inf")
            self._changed.notify()

    def close(self, deadline: float) -> None:
        """Write the queue, for at most ``deadline`` seconds."""
        with self._changed:
            self._closing_at = time.monotonic() + deadline
            self._changed.notify()
        self._thread.join(deadline)
        if left := self.status().waiting:
            log.error("history incomplete", lost=left, problem=self._problem)
        self.engine.dispose()

    def _run(self) -> None:
        backoff = FIRST_BACKOFF_S
        while (batch := self._next_batch()) is not None:
            fresh = not self._prepared
            try:
                self._attempt(batch)
            except Exception as error:
                if not isinstance(error, SQLAlchemyError | OSError | migrations.NewerSchemaError):
                    # Without the thread nothing would be written.
                    log.exception("history writer failed")
                self._failed(error)
                if not self._pause(backoff):
                    return
                backoff = min(backoff * 2, MAX_BACKOFF_S)
            else:
                backoff = FIRST_BACKOFF_S
                if self.announce and (fresh or any(isinstance(item, RunRow) for item in batch)):
                    self.announce(self._unannounced)
                    self._unannounced = 0

    def _next_batch(self) -> list[Item] | None:
        """Return the next items, None at the end; empty to prepare, check or prune."""
        with self._changed:
            while not self._queue and not self._is_due():
                if self._closing_at is not None:
                    return None
                self._changed.wait(CHECK_INTERVAL_S)
            if not self._queue and self._closing_at is not None and self._prepared:
                return None
            return [self._queue[index] for index in range(min(BATCH_SIZE, len(self._queue)))]

    def _is_due(self) -> bool:
        return not self._prepared or self._check_due() or self._keeper.is_due()

    def _check_due(self) -> bool:
        return time.monotonic() - self._checked_at >= CHECK_INTERVAL_S

    def _attempt(self, batch: list[Item]) -> None:
        """Write a batch, then prune for one transaction at most."""
        with self._changed:
            self._attempt_began = time.monotonic()
        try:
            self._prepare()
            self._write(batch)
            self._done(batch)
            if self._keeper.is_due():
                self._keeper.step(self.engine)
        finally:
            with self._changed:
                self._attempt_began = None

    def _prepare(self) -> None:
        if not self._prepared:
            engine.make_file(self.url)
            with self.engine.begin() as connection:
                migrations.migrate(connection)
        self._prepared = True

    def _write(self, batch: list[Item]) -> None:
        self._refused.clear()
        if self._check_due():
            with self.engine.begin() as connection:
                migrations.check(connection)
                self._keeper.note_written(connection)
            self._checked_at = time.monotonic()
        try:
            self._write_all(batch)
        except (DataError, IntegrityError):
            # A refused item must not block the others.
            for item in batch:
                self._write_one(item)

    def _write_all(self, batch: Sequence[Item]) -> None:
        if not batch:
            return
        full = 0
        with self.engine.begin() as connection:
            writing.write(connection, batch, self._min_session_s)
            if self.announce and (runs := [item for item in batch if isinstance(item, RunRow)]):
                full = outbox.add(connection, runs)
        self._unannounced += full

    def _write_one(self, item: Item) -> None:
        try:
            self._write_all([item])
        except (DataError, IntegrityError) as error:
            log.error("history refused an item", item=type(item).__name__, problem=describe(error))
            self.count_dropped(1)
            if isinstance(item, RunRow):
                self._refused.add(item.id)

    def _done(self, batch: list[Item]) -> None:
        answered = []
        with self._changed:
            for _ in batch:
                item = self._queue.popleft()
                if isinstance(item, RunRow) and (known := self._runs.pop(item.id, None)):
                    answered.append((known[1], item.id not in self._refused))
            self._written += len(batch)
            recovered, self._problem = self._problem, ""
            self._problem_kind = self._failing_since = None
        # Outside the lock, since callbacks run at once.
        for future, written in answered:
            future.set_result(written)
        if recovered:
            log.info("history recovered", dropped=self._dropped)

    def _failed(self, error: Exception) -> None:
        # The file may have been replaced.
        self._prepared = False
        self._checked_at = float("-inf")
        # Connections may lead to a server that no longer accepts writes.
        self.engine.dispose()
        problem = describe(error)
        with self._changed:
            known, self._problem = self._problem, problem
            self._problem_kind = kind_of(error)
            self._failing_since = self._failing_since or time.time()
        if problem != known:
            log.error("cannot write history", problem=problem, waiting=len(self._queue))

    def _pause(self, seconds: float) -> bool:
        """Return False if there is no next attempt."""
        until = time.monotonic() + seconds
        with self._changed:
            while (now := time.monotonic()) < until:
                if self._closing_at is not None and (not self._queue or now + FIRST_BACKOFF_S > self._closing_at):
                    return False
                if self._closing_at is not None:
                    until = min(until, now + FIRST_BACKOFF_S)
                self._changed.wait(until - now)
        return True
