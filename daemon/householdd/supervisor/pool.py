"""Starts the workers, polls them, and replaces those that die or hang."""

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
from householdd.supervisor import worker_process
from householdd.supervisor.worker_calls import GONE, WorkerHandle

log = structlog.get_logger("supervisor")

FIRST_BACKOFF_S = 0.2
"""Seconds until a worker that died is started again; doubled each time, up to ``MAX_BACKOFF_S``."""

MAX_BACKOFF_S = 10.0
"""Longest back-off, in seconds; a worker that lived longer starts again with the first one."""

POLL_INTERVAL_S = 1.0
"""Seconds between two polls of a worker, and for each answer."""

SILENCE_TIMEOUT_S = 10.0
"""Seconds without an answer after which a worker is killed and replaced."""

STOP_TIMEOUT_S = 3.0
"""Seconds that workers have to end when the daemon stops, before they are killed."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks of a pool."""

    ready: Callable[[WorkerHandle], Awaitable[None]]
    """Briefs a worker that answers; it serves afterwards."""
    ended: Callable[[WorkerHandle], None]
    """Called when a worker's process has ended."""
    restarting: Callable[[], bool]
    """Returns whether a worker that dies is replaced."""
    failed: Callable[[], None]
    """Called when the pool cannot go on."""


class WorkerPool:
    """The processes behind the handles."""

    def __init__(
        self,
        settings: dict[str, WorkerSettings],
        handles: list[WorkerHandle],
        hooks: Hooks,
    ) -> None:
        """``settings`` by worker name."""
        self._settings = settings
        self._handles = handles
        self._hooks = hooks
        self._processes: dict[str, Process] = {}
        self._supervisions: list[asyncio.Task[None]] = []
        self.polled: dict[str, float] = {}
        """Monotonic time of the last poll, by worker that runs."""

    async def start(self) -> None:
        """Start all workers. Raise WorkerFailedError if one does not come up; then none is left."""
        outcomes = await asyncio.gather(*(self._start(handle) for handle in self._handles), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                await self.stop()
                raise outcome
        self._supervisions = [asyncio.create_task(self._keep(handle)) for handle in self._handles]
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
        for handle in self._handles:
            self.kill(handle)
        await asyncio.gather(*waiting)
        for handle in self._handles:
            await handle.disconnect()

    def kill(self, handle: WorkerHandle) -> None:
        """Kill a worker's process; the pool starts another one while the daemon goes on."""
        process = self._processes.get(handle.name)
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def signal(self, number: int) -> None:
        """Send a signal to every worker."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    async def _start(self, handle: WorkerHandle) -> None:
        handle.state, handle.detail = pb.WORKER_STATE_STARTING, "starting"
        process = await worker_process.start(self._settings[handle.name])
        self._processes[handle.name] = process
        handle.pid, handle.started_wall = process.pid, time.time()
        await handle.connect()
        try:
            await self._brief(handle)
            await worker_process.serve(process, handle.name)
        except worker_process.WorkerFailedError:
            self.kill(handle)
            await self._ended(handle, process)
            raise
        handle.state, handle.detail = pb.WORKER_STATE_READY, ""
        log.info("worker ready", worker=handle.name, pid=process.pid)

    async def _brief(self, handle: WorkerHandle) -> None:
        try:
            await self._hooks.ready(handle)
        except grpc.aio.AioRpcError as error:
            raise worker_process.WorkerFailedError(f"worker {handle.name} does not answer: {error.details()}") from None

    def _supervision_ended(self, supervision: asyncio.Task[None]) -> None:
        if not supervision.cancelled() and (error := supervision.exception()) is not None:
            # Without this task the worker would not be replaced.
            self._hooks.failed()
            log.critical("supervision of a worker failed; the daemon stops", exc_info=error)

    async def _keep(self, handle: WorkerHandle) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            began = time.monotonic()
            if handle.name in self._processes:
                await self._watch(handle, self._processes[handle.name])
            if not self._hooks.restarting():
                return
            if time.monotonic() - began > MAX_BACKOFF_S:
                backoff = FIRST_BACKOFF_S
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_S)
            handle.restarts += 1
            try:
                await self._start(handle)
            except worker_process.WorkerFailedError as error:
                handle.state, handle.detail = pb.WORKER_STATE_BACKOFF, str(error)
                log.error("worker did not start", worker=handle.name, problem=str(error))

    async def _watch(self, handle: WorkerHandle, process: Process) -> None:
        """Poll a worker until its process has ended."""
        polling = asyncio.create_task(self._poll(handle))
        try:
            await process.wait()
        finally:
            polling.cancel()
            self.polled.pop(handle.name, None)
        await self._ended(handle, process)
        if self._hooks.restarting():
            log.error("worker ended", worker=handle.name, how=handle.detail)

    async def _ended(self, handle: WorkerHandle, process: Process) -> None:
        """Wait for the end of a process, and forget it."""
        returncode = await process.wait()
        del self._processes[handle.name]
        self._hooks.ended(handle)
        handle.pid = 0
        handle.state, handle.detail = pb.WORKER_STATE_BACKOFF, worker_process.describe_end(returncode)
        await handle.disconnect()
        handle.retire()

    async def _poll(self, handle: WorkerHandle) -> None:
        heard = time.monotonic()
        passes = 0
        while True:
            self.polled[handle.name] = time.monotonic()
            await asyncio.sleep(POLL_INTERVAL_S)
            try:
                response = await handle.server.GetServer(pb.GetServerRequest(samples=True), timeout=POLL_INTERVAL_S)
            except grpc.aio.AioRpcError as error:
                if error.code() not in GONE:
                    # It answers, so it is not killed: its sessions go on.
                    log.error("worker cannot tell its state", worker=handle.name, problem=error.details())
                    heard = time.monotonic()
                    continue
                handle.stale = True
                silent = time.monotonic() - heard
                handle.state, handle.detail = pb.WORKER_STATE_UNRESPONSIVE, f"has not answered for {silent:.0f} s"
                if silent > SILENCE_TIMEOUT_S:
                    self.kill(handle)
                    log.error("worker killed", worker=handle.name, why=handle.detail)
                continue
            handle.heard(response.server)
            handle.book.heard(response.samples)
            before, passes = passes, response.server.workers[0].control_loop.passes
            if passes != before:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_TIMEOUT_S:
                # It answers, but its control loop, which keeps the deadlines, does not run.
                self.kill(handle)
                log.error(
                    "worker killed",
                    worker=handle.name,
                    why=f"its control loop has stood still for {SILENCE_TIMEOUT_S} s",
                )
                continue
            if handle.stale:
                # Cleared first: a change missed from here on makes it stale again.
                handle.stale = False
                try:
                    await self._hooks.ready(handle)
                except grpc.aio.AioRpcError:
                    handle.stale = True
                    continue
            handle.state, handle.detail = pb.WORKER_STATE_READY, ""
