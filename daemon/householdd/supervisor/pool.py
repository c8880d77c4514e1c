"""Starts the workers, polls them, and replaces those that die or whose control loop stands still."""

from __future__ import annotations

import asyncio
import contextlib
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc.aio
import structlog

from household.v1 import server_service_pb2 as pb
from householdd.config.worker import WorkerSettings
from householdd.shared.heartbeats import Heartbeat, Standstill
from householdd.supervisor import worker_process
from householdd.supervisor.worker_calls import GONE, WorkerHandle

log = structlog.get_logger("supervisor")

FIRST_BACKOFF_S = 0.2
"""Seconds until a worker that died is started again; doubled each time, up to ``MAX_BACKOFF_S``."""

MAX_BACKOFF_S = 10.0
"""Longest back-off, in seconds; a worker that lived longer starts again with the first one."""

POLL_INTERVAL_S = 1.0
"""Seconds between two polls of a worker, and for each answer."""

STANDSTILL_TIMEOUT_S = 10.0
"""Seconds without a pass of its control loop after which a worker is killed and replaced.

A worker that is busy answers late and is left alone: its own overload controller acts in each pass.
"""

STOP_TIMEOUT_S = 3.0
"""Seconds that workers have to end when the daemon stops, before they are killed."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks of a pool."""

    ready: Callable[[WorkerHandle], Awaitable[None]]
    """Briefs a worker that answers; it serves afterwards."""
    heartbeat: Callable[[WorkerHandle], Heartbeat]
    """Returns the heartbeat of a worker's control loop."""
    stopped: Callable[[WorkerHandle, str], None]
    """Called with the reason when a worker has ended its traffic in an emergency stop."""
    ended: Callable[[WorkerHandle], None]
    """Called when a worker's process has ended."""
    restarting: Callable[[], bool]
    """Returns whether a worker that dies is replaced."""
    failed: Callable[[], None]
    """Called when the pool cannot go on."""


class WorkerPool:
    """Processes of the workers."""

    def __init__(
        self,
        settings: dict[str, WorkerSettings],
        workers: list[WorkerHandle],
        hooks: Hooks,
    ) -> None:
        """``settings`` by worker name."""
        self._settings = settings
        self._workers = workers
        self._hooks = hooks
        self._processes: dict[str, Process] = {}
        self._supervisions: list[asyncio.Task[None]] = []
        self.polled: dict[str, float] = {}
        """Monotonic time of the last poll, by worker that runs."""

    async def start(self) -> None:
        """Start all workers. Raise WorkerFailedError if one does not come up; then none is left."""
        outcomes = await asyncio.gather(*(self._start(worker) for worker in self._workers), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                await self.stop()
                raise outcome
        self._supervisions = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        for supervision in self._supervisions:
            supervision.add_done_callback(self._supervision_ended)

    async def stop(self) -> None:
        """Terminate all workers, and kill those that are left at the deadline."""
        for supervision in self._supervisions:
            supervision.cancel()
        await asyncio.gather(*self._supervisions, return_exceptions=True)
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        waiting = [asyncio.create_task(process.wait()) for process in self._processes.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=STOP_TIMEOUT_S)
        for worker in self._workers:
            self.kill(worker)
        await asyncio.gather(*waiting)
        for worker in self._workers:
            await worker.disconnect()

    def kill(self, worker: WorkerHandle) -> None:
        """Kill a worker's process; the pool starts another one while the daemon goes on."""
        process = self._processes.get(worker.name)
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def signal(self, number: int) -> None:
        """Send a signal to every worker."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    async def _start(self, worker: WorkerHandle) -> None:
        worker.state, worker.detail = pb.WORKER_STATE_STARTING, "starting"
        process = await worker_process.start(self._settings[worker.name])
        self._processes[worker.name] = process
        worker.pid, worker.started_wall = process.pid, time.time()
        await worker.connect()
        try:
            await self._brief(worker)
            await worker_process.serve(process, worker.name)
        except worker_process.WorkerFailedError:
            self.kill(worker)
            await self._ended(worker, process)
            raise
        worker.state, worker.detail = pb.WORKER_STATE_READY, ""
        log.info("worker ready", worker=worker.name, pid=process.pid)

    async def _brief(self, worker: WorkerHandle) -> None:
        try:
            await self._hooks.ready(worker)
        except grpc.aio.AioRpcError as error:
            raise worker_process.WorkerFailedError(f"worker {worker.name} does not answer: {error.details()}") from None

    def _supervision_ended(self, supervision: asyncio.Task[None]) -> None:
        if not supervision.cancelled() and (error := supervision.exception()) is not None:
            # Without this task the worker would not be replaced.
            self._hooks.failed()
            log.critical("supervision of a worker failed; the daemon stops", exc_info=error)

    async def _keep(self, worker: WorkerHandle) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            began = time.monotonic()
            if worker.name in self._processes:
                await self._watch(worker, self._processes[worker.name])
            if not self._hooks.restarting():
                return
            if time.monotonic() - began > MAX_BACKOFF_S:
                backoff = FIRST_BACKOFF_S
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_S)
            worker.restarts += 1
            try:
                await self._start(worker)
            except worker_process.WorkerFailedError as error:
                worker.state, worker.detail = pb.WORKER_STATE_BACKOFF, str(error)
                log.error("worker did not start", worker=worker.name, problem=str(error))

    async def _watch(self, worker: WorkerHandle, process: Process) -> None:
        """Poll a worker until its process has ended."""
        polling = asyncio.create_task(self._poll(worker))
        try:
            await process.wait()
        finally:
            polling.cancel()
            self.polled.pop(worker.name, None)
        await self._ended(worker, process)
        if self._hooks.restarting():
            log.error("worker ended", worker=worker.name, how=worker.detail)

    async def _ended(self, worker: WorkerHandle, process: Process) -> None:
        """Wait for the end of a process, and forget it."""
        returncode = await process.wait()
        del self._processes[worker.name]
        self._hooks.ended(worker)
        worker.pid = 0
        worker.state, worker.detail = pb.WORKER_STATE_BACKOFF, worker_process.describe_end(returncode)
        await worker.disconnect()
        worker.retire()

    async def _poll(self, worker: WorkerHandle) -> None:
        began = answered = time.monotonic()
        standstill = Standstill(self._hooks.heartbeat(worker), began)
        while True:
            self.polled[worker.name] = time.monotonic()
            await asyncio.sleep(POLL_INTERVAL_S)
            stood = standstill.observe(time.monotonic())
            if stood >= STANDSTILL_TIMEOUT_S:
                # Its control loop keeps the deadlines, so it is of no use even if it answers.
                self.kill(worker)
                log.error(
                    "worker killed", worker=worker.name, why=f"its control loop has stood still for {stood:.0f} s"
                )
            try:
                response = await worker.server.GetServer(pb.GetServerRequest(samples=True), timeout=POLL_INTERVAL_S)
            except grpc.aio.AioRpcError as error:
                if error.code() not in GONE:
                    # It answers: its sessions go on.
                    log.error("worker cannot tell its state", worker=worker.name, problem=error.details())
                    answered = time.monotonic()
                    continue
                worker.stale = True
                worker.state = pb.WORKER_STATE_UNRESPONSIVE
                worker.detail = _describe_silence(time.monotonic() - answered, stood)
                continue
            answered = time.monotonic()
            worker.heard(response.server)
            worker.counters.heard(response.samples)
            if response.server.state == pb.SERVER_STATE_STOPPING:
                self._hooks.stopped(worker, response.server.drain_reason)
            if worker.stale:
                # Cleared first: a change missed from here on makes it stale again.
                worker.stale = False
                try:
                    await self._hooks.ready(worker)
                except grpc.aio.AioRpcError:
                    worker.stale = True
                    continue
            worker.state, worker.detail = pb.WORKER_STATE_READY, ""


def _describe_silence(silent: float, stood: float) -> str:
    """Return in words whether a worker that does not answer is busy or stuck."""
    loop = "its control loop runs" if stood < POLL_INTERVAL_S else f"its control loop has stood still for {stood:.0f} s"
    return f"has not answered for {silent:.0f} s; {loop}"
