"""Reports to the supervisor what is stored: sessions that open and end, and runs reported by clients.

Sessions never wait for it: a bounded queue holds what the supervisor has not received.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from itertools import islice

import grpc.aio
import structlog

from household.internal.v1 import recorder_service_pb2 as pb
from household.internal.v1 import recorder_service_pb2_grpc
from householdd.measure import run_report
from householdd.measure.run_report import ClientRunReport
from householdd.session.messages import RunRefused, RunStored
from householdd.session.session import Session
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionChange, SessionManager, SessionObserver
from householdd.worker.session_selection import describe

log = structlog.get_logger("recorder")

MAX_WAITING = 20_000
"""Most opened and ended sessions that wait for the supervisor."""

BATCH_SIZE = 50
"""Sessions per message, which is at most 2.5 MB long; gRPC takes 4 MB."""

REST_S = 0.05
"""Seconds between two messages, so that thousands of ends do not delay traffic."""

RETRY_S = 0.5
"""Seconds until a broken stream is reopened."""

STORE_TIMEOUT_S = 2.0
"""Timeout for storing a run, in seconds."""

MAX_WAITING_RUNS = 32
"""Most runs that wait for the supervisor's answer."""

_REFUSALS: dict[int, RunRefused] = {
    pb.RUN_REFUSAL_TOO_MANY: RunRefused("too_many"),
    pb.RUN_REFUSAL_BUSY: RunRefused("busy"),
    pb.RUN_REFUSAL_UNAVAILABLE: RunRefused("unavailable"),
}


class RecorderClient(SessionObserver):
    """Reports the sessions and runs of a manager while the worker lives."""

    def __init__(self, manager: SessionManager, worker: str, channel: grpc.aio.Channel) -> None:
        self._manager = manager
        self._worker = worker
        self._stub = recorder_service_pb2_grpc.RecorderServiceStub(channel)
        self._waiting: deque[Session] = deque()
        self._dropped = 0
        """Sessions that found the queue full since the last message."""
        self._something = asyncio.Event()
        self._ending = False
        self._stream = asyncio.create_task(self._run())
        self._runs: set[asyncio.Task[None]] = set()
        manager.keeper = self

    async def stop(self, deadline: float) -> None:
        """Send the rest, for at most ``deadline`` seconds."""
        self._ending = True
        self._something.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(self._stream, *self._runs), deadline)

    def changed(self, session: Session, change: SessionChange) -> None:
        """Queue a session that opened or ended."""
        if change is SessionChange.CHANGED:
            return
        if len(self._waiting) >= MAX_WAITING:
            # A session dropped at its opening is still stored if its end is sent.
            self._dropped += change is SessionChange.CLOSED
            return
        self._waiting.append(session)
        self._something.set()

    async def _run(self) -> None:
        """Stream until stopped; reopen a broken stream with the live sessions."""
        while not self._ending:
            try:
                await self._tell()
            except grpc.aio.AioRpcError as error:
                log.warning("recording interrupted", problem=error.details())
                await asyncio.sleep(RETRY_S)
                self._waiting.extend(driver.session for driver in self._manager.live.values())

    async def _tell(self) -> None:
        call = self._stub.RecordSessions()
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                some = list(islice(self._waiting, BATCH_SIZE))
                request = pb.RecordSessionsRequest(dropped=self._dropped)
                self._dropped = 0
                for session in some:
                    self._add(request, session)
                    # Traffic goes on: the samples of a long session take milliseconds.
                    await asyncio.sleep(0)
                await call.write(request)
                # Only now, so that what a broken stream lost is sent again.
                for _ in some:
                    self._waiting.popleft()
                if not self._ending:
                    await asyncio.sleep(REST_S)
            if self._ending:
                await call.done_writing()
                await call
                return

    def _add(self, request: pb.RecordSessionsRequest, session: Session) -> None:
        identity, ended = session.identity.id, session.closed_at is not None
        request.sessions.append(describe(self._manager, session, self._worker, samples=ended))
        if (delays := _delays(session)) is not None:
            request.delays[identity].CopyFrom(delays)
        if (samples := _samples(session)) is not None:
            request.samples[identity].CopyFrom(samples)

    def reported(self, driver: SessionDriver, report: ClientRunReport) -> None:
        """Send a run; the driver is answered once it is stored or refused."""
        if len(self._runs) >= MAX_WAITING_RUNS:
            driver.answer_report(RunRefused("busy"))
            return
        task = asyncio.create_task(self._store(driver, report))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _store(self, driver: SessionDriver, report: ClientRunReport) -> None:
        session = describe(self._manager, driver.session, self._worker)
        request = pb.StoreRunRequest(
            session=session, report=run_report.encode(report), kernel_idle_ms=_kernel_idle_ms(driver.session, report)
        )
        try:
            response = await self._stub.StoreRun(request, timeout=STORE_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            log.warning("run not stored", session=session.id, problem=error.details())
            driver.answer_report(RunRefused("unavailable"))
            return
        refusal = _REFUSALS.get(response.refusal)
        path = f"?run={response.id}" if response.shared else None
        driver.answer_report(refusal or RunStored(response.id, path))


def _delays(session: Session) -> pb.Delays | None:
    """Return the round trips of an ended session; None if it is live or has none."""
    percentiles = None if session.closed_at is None else session.latency.percentiles()
    if percentiles is None:
        return None
    p50, p95, p99 = percentiles
    latency = session.latency
    return pb.Delays(count=latency.count, p50_ms=p50, p95_ms=p95, p99_ms=p99, jitter_ms=latency.jitter)


def _samples(session: Session) -> pb.KernelSamples | None:
    """Return what the kernel measured of an ended session; None if it is live, carries no load or has none."""
    if session.closed_at is None or session.profile.only_measures or not session.kernel.count:
        return None
    samples = session.kernel.samples()
    return pb.KernelSamples(at_s=samples.at_s, round_trip_ms=samples.ms)


def _kernel_idle_ms(session: Session, report: ClientRunReport) -> float | None:
    """Return the median of the session's samples in the idle phase, which begins with the session."""
    idle = next((phase for phase in report.phases if phase.name == "idle"), None)
    return None if idle is None else session.kernel.figures(until=idle.until_s - idle.from_s).p50_ms
