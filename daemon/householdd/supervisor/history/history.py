"""History of ended sessions and runs: from the workers to the store, and back to callers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from household.internal.v1.recorder_service_pb2 import Delays
from household.v1 import session_pb2
from householdd.admission.run_allowance import RunAllowance
from householdd.admission.run_index import Household, RunIndex
from householdd.api.convert import duration, timestamp, unix
from householdd.clients.addresses import address_block, split_host_port
from householdd.config.history import HistorySettings
from householdd.measure.kernel_witness import KernelSamples
from householdd.measure.run_report import ClientRunReport
from householdd.storage import reading
from householdd.storage.problems import describe
from householdd.storage.rows import RunLink, RunRow, SessionRow
from householdd.storage.store import Store
from householdd.supervisor.history.ended_session import EndedSession
from householdd.supervisor.history.judged_run import JudgedRun, judge
from householdd.supervisor.history.rows import run_row, session_row
from householdd.supervisor.history.server_runs import ServerRuns
from householdd.supervisor.webhook.delivery import Webhook

log = structlog.get_logger("history")

READERS = 2
"""Threads that read for callers; the store has its own for writing."""

MAX_WAITING_READS = 32
"""Reads that may wait for a thread."""

CLOSE_TIMEOUT_S = 2.0
"""Timeout for the last writes when the daemon stops, in seconds."""

WRITE_TIMEOUT_S = 1.5
"""Seconds that a reported run has to reach the database; a worker waits 2 s for the answer."""

WEBHOOK_TIMEOUT_S = 1.0
"""Timeout for the current delivery attempt when the daemon stops, in seconds."""

T = TypeVar("T")


class HistoryUnavailableError(Exception):
    """The history cannot be read; the message says why."""


class Refused(Enum):
    """Why a run is not confirmed as stored."""

    TOO_MANY = "too_many"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    """Not in the database yet; the run waits in the queue."""


class History:
    """Stores what workers report, and reads for callers."""

    def __init__(
        self,
        settings: HistorySettings,
        store: Store,
        webhook: Webhook | None = None,
        activities: Mapping[str, str] | None = None,
    ) -> None:
        """``activities``, by profile, are for runs that no client reports."""
        self.settings = settings
        self.webhook = webhook
        """Webhook that receives the runs; None if not configured."""
        if webhook is not None:
            store.announce = webhook.queued
        self._store = store
        self._index = RunIndex()
        self._allowance = RunAllowance(settings.runs_per_minute, settings.runs_per_day)
        self._server = socket.gethostname()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="history-reader")
        self._reading = 0
        self._server_runs = ServerRuns(activities or {}, self._store_later)
        self.runs = Counter[tuple[str, bool]]()
        """Runs passed to the store, by cause and whether they count."""
        self.hurting = Counter[str | None]()
        """Runs passed to the store, by the direction that hurts."""
        self._storing = set[asyncio.Task[str | Refused]]()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write what is recorded during the block, and the rest at its end."""
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        if self.webhook is not None:
            self.webhook.start()
        self._store.start()

    async def stop(self) -> None:
        """Write the rest."""
        self._server_runs.close()
        if self._storing:
            await asyncio.wait(self._storing, timeout=CLOSE_TIMEOUT_S)
        if self.webhook is not None:
            await asyncio.to_thread(self.webhook.close, WEBHOOK_TIMEOUT_S)
        await asyncio.to_thread(self._store.close, CLOSE_TIMEOUT_S)
        self._readers.shutdown(wait=False, cancel_futures=True)

    @property
    def store(self) -> Store:
        return self._store

    def opened(self, session: session_pb2.Session) -> None:
        """Note a live session."""
        self._server_runs.opened(_household(session), session)

    def ended(
        self, session: session_pb2.Session, delays: Delays | None = None, samples: KernelSamples | None = None
    ) -> None:
        """Store an ended session; ``samples`` are kept until its run is judged."""
        now = time.monotonic()
        # Not by its age, which ends at its close; the report may come later.
        opened_at = now - (time.time() - unix(session.opened_at))
        run_id = self._index.ended(_household(session), session.id, opened_at, now)
        self._store.put(session_row(session, run_id, self._server, self.settings.addresses))
        self._server_runs.ended(_household(session), EndedSession.of(session, delays, samples))

    def lost(self, session: session_pb2.Session) -> None:
        """Store a session whose worker died, with its last known figures."""
        now = time.time()
        session.state = session_pb2.SESSION_STATE_CLOSED
        session.close_reason = session_pb2.CLOSE_REASON_WORKER_LOST
        opened = unix(session.opened_at)
        session.closed_at.CopyFrom(timestamp(max(now, opened)))
        session.age.CopyFrom(duration(max(now - opened, 0.0)))
        self.ended(session)

    def _store_later(self, session: session_pb2.Session, judged: JudgedRun) -> None:
        task = asyncio.get_running_loop().create_task(self._take(session, judged))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def take_run(
        self, session: session_pb2.Session, report: ClientRunReport, kernel_idle_ms: float | None = None
    ) -> str | Refused:
        """Store a run that was reported on ``session``; return its id once it is in the database.

        ``kernel_idle_ms`` is the median of the kernel's idle round trips on ``session``.
        """
        household = _household(session)
        ended = self._server_runs.reported(household)
        # Both are after the run's begin by the client's clock: by a handshake, and by the way of the report.
        began_at = min(self._server_runs.probed_at(household), time.time() - report.over_s)
        return await self._take(session, judge(report, kernel_idle_ms, ended, began_at))

    async def _take(self, session: session_pb2.Session, judged: JudgedRun) -> str | Refused:
        now = time.monotonic()
        if not self._allowance.take(address_block(split_host_port(session.peer_address)[0]), now):
            return Refused.TOO_MANY
        run_id = secrets.token_hex(12)
        row = run_row(
            run_id,
            judged,
            session,
            stored_at=time.time(),
            server=self._server,
            addresses=self.settings.addresses,
        )
        written = self._store.put_run(row)
        if written is None:
            return Refused.BUSY
        self.runs[judged.worst.attribution.cause, row.valid] += 1
        self.hurting[row.hurting] += 1
        ended = self._index.reported(_household(session), run_id, now)
        if ended:
            self._store.put(RunLink(run_id, ended))
        if not await self._is_written(written):
            problem = self._store.status().problem or f"not written within {WRITE_TIMEOUT_S:g} s"
            log.warning("run not stored yet", run=run_id, session=session.id, problem=problem)
            return Refused.UNAVAILABLE
        log.info("run stored", run=run_id, session=session.id, grade=row.grade, valid=row.valid, cause=row.cause)
        return run_id

    async def _is_written(self, written: Future[bool]) -> bool:
        # While writing fails, the client is answered at once.
        timeout = 0.0 if self._store.status().problem else WRITE_TIMEOUT_S
        try:
            return await asyncio.wait_for(asyncio.wrap_future(written), timeout)
        except TimeoutError:
            return False

    async def run(self, run_id: str) -> tuple[RunRow, list[SessionRow]] | None:
        """Return a run and its sessions, written or waiting. Raise HistoryUnavailableError."""
        waiting = self._store.waiting_run(run_id)
        if waiting is not None:
            return waiting, []

        def read(connection: Connection) -> tuple[RunRow, list[SessionRow]] | None:
            found = reading.run(connection, run_id)
            return None if found is None else (found, reading.sessions_of(connection, run_id))

        return await self.read(read)

    async def read(self, statements: Callable[[Connection], T]) -> T:
        """Run ``statements`` in a thread and a transaction. Raise HistoryUnavailableError."""
        if self._reading >= READERS + MAX_WAITING_READS:
            raise HistoryUnavailableError("too many requests to the history; try again later")

        def work() -> T:
            with self._store.engine.connect() as connection:
                return statements(connection)

        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        except SQLAlchemyError as error:
            self._store.check_soon()
            raise HistoryUnavailableError(f"the history cannot be read: {describe(error)}") from error
        finally:
            self._reading -= 1


def _household(session: session_pb2.Session) -> Household:
    return session.test_id, split_host_port(session.peer_address)[0]
