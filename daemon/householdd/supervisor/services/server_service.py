"""ServerService of the daemon, merged over its workers."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import grpc.aio
import structlog

from household.v1 import server_service_pb2 as pb
from household.v1 import server_service_pb2_grpc
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api import convert, merge
from householdd.api.drain_progress import POLL_INTERVAL_S as DRAIN_LOOK
from householdd.api.drain_progress import drain_progress
from householdd.api.errors import check_note, check_reason, precondition
from householdd.api.requests import drain_deadline, drain_spread
from householdd.api.runtime_config import RuntimeConfig
from householdd.config.certificates import Certificate
from householdd.supervisor.history.history import History
from householdd.supervisor.worker_calls import WorkerHandle, ask_all, tell_all
from householdd.version import VERSION

log = structlog.get_logger("control")

EMERGENCY_TIMEOUT_S = 0.6
"""Seconds that a worker has to end its traffic in an emergency before it is killed. All ends within a second."""

_Context = grpc.aio.ServicerContext[object, object]


ANSWER_DELAY_S = 0.1
"""Delay of the end of the daemon after an emergency shutdown, in seconds, for its response to be sent."""


@dataclass
class DrainState:
    """A drain in progress."""

    reason: str
    deadline: float
    """Unix time at which remaining sessions are closed."""
    spread: float = 0.0
    """Seconds before the deadline over which closing is spread."""

    def request(self) -> pb.DrainServerRequest:
        """Return the request for a worker, with the time left now."""
        left = max(self.deadline - time.time(), 0.0)
        spread = min(self.spread, left)
        return pb.DrainServerRequest(
            reason=self.reason, deadline=convert.duration(left), spread=convert.duration(spread)
        )


@dataclass
class DaemonState:
    """State of the daemon as a whole."""

    listen_urls: list[str]
    started: float = field(default_factory=time.monotonic)
    started_wall: float = field(default_factory=time.time)
    serving: bool = False
    """Set once, when every worker is ready."""
    ending: bool = False
    """Set once, when the daemon drains in order to stop."""
    stopping: bool = False
    """Set once, when the daemon stops."""
    drain: DrainState | None = None
    """Set only while draining."""
    history: History | None = None
    """None if disabled."""
    certificates: list[Certificate] = field(default_factory=list)
    """Certificates in use."""

    @property
    def certificate_expires(self) -> float | None:
        """Unix time at which the data plane's certificate expires; None without TLS."""
        return next((each.expires_at for each in self.certificates if each.setting == "cert"), None)

    @property
    def state(self) -> pb.ServerState.ValueType:
        if self.stopping:
            return pb.SERVER_STATE_STOPPING
        if not self.serving:
            return pb.SERVER_STATE_STARTING
        return pb.SERVER_STATE_DRAINING if self.drain else pb.SERVER_STATE_SERVING


class FanOutServerService(server_service_pb2_grpc.ServerServiceServicer):
    """Answers for the daemon. ``kill`` ends a worker's process; ``stop`` ends the daemon after the response."""

    def __init__(
        self,
        workers: Sequence[WorkerHandle],
        state: DaemonState,
        config: RuntimeConfig,
        kill: Callable[[WorkerHandle], None],
        stop: Callable[[], None],
    ) -> None:
        self._workers = workers
        self._state = state
        self._config = config
        self._kill = kill
        self._stop = stop
        self._shutdown: asyncio.Task[pb.ShutdownServerResponse] | None = None
        """Set once, by the first emergency shutdown."""
        self._looking = asyncio.Lock()
        self._looked_at = 0.0
        """Monotonic time of the last poll for drain progress."""

    async def GetServer(self, _request: pb.GetServerRequest, context: _Context) -> pb.GetServerResponse:
        """Return the daemon with current figures of every worker that answers."""
        await self._ask(pb.GetServerRequest(), context)
        return pb.GetServerResponse(server=self.server())

    async def _ask(self, request: pb.GetServerRequest, context: _Context | None = None) -> None:
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.server.GetServer(request, timeout=timeout), context
        )
        for worker, answer in answers.given:
            worker.heard(answer.server)

    async def DrainServer(self, request: pb.DrainServerRequest, context: _Context) -> pb.DrainServerResponse:
        """Drain every worker, and those that start later."""
        reason = check_reason(request.reason)
        delay = drain_deadline(request, self._config.current.timeouts.drain)
        spread = drain_spread(request, delay)
        if request.validate_only:
            await self._ask(pb.GetServerRequest(), context)
            return pb.DrainServerResponse(server=self.server())
        missing = await self.drain(DrainState(reason, time.time() + delay, spread), context)
        return pb.DrainServerResponse(server=self.server(), unreachable_workers=missing)

    async def WatchDrain(self, _request: pb.WatchDrainRequest, _: _Context) -> AsyncIterator[pb.WatchDrainResponse]:
        async for message in drain_progress(self._look):
            yield message

    async def _look(self) -> pb.Server:
        """Return the daemon with current figures, polled once for all watchers."""
        async with self._looking:
            if time.monotonic() - self._looked_at > DRAIN_LOOK / 2:
                await self._ask(pb.GetServerRequest())
                self._looked_at = time.monotonic()
        return self.server()

    async def drain(self, drain: DrainState, context: _Context | None = None) -> list[UnreachableWorker]:
        """Drain all workers; return those that were not reached."""
        self._state.drain = drain
        try:
            return await tell_all(
                self._workers,
                lambda worker, timeout: worker.server.DrainServer(drain.request(), timeout=timeout),
                context,
            )
        finally:
            log.info("draining", reason=drain.reason, deadline=convert.timestamp(drain.deadline).ToJsonString())

    async def ResumeServer(self, request: pb.ResumeServerRequest, context: _Context) -> pb.ResumeServerResponse:
        note = check_note(request.reason)
        if self._state.ending or self._state.stopping:
            raise precondition("STOPPING", "the server is stopping")
        if self._state.drain is None:
            raise precondition("NOT_DRAINING", "the server is not draining")
        if request.validate_only:
            return pb.ResumeServerResponse(server=self.server())
        self._state.drain = None
        try:
            missing = await tell_all(self._workers, lambda worker, timeout: resume(worker, request, timeout), context)
        finally:
            log.info("resumed", reason=note or None)
        return pb.ResumeServerResponse(server=self.server(), unreachable_workers=missing)

    async def ShutdownServer(self, request: pb.ShutdownServerRequest, context: _Context) -> pb.ShutdownServerResponse:
        """End all traffic, and kill workers that do not answer."""
        check_reason(request.reason)
        if request.validate_only:
            await self._ask(pb.GetServerRequest(), context)
            return pb.ShutdownServerResponse(sessions_closed=self.server().sessions)
        return await self.shut_down(request)

    async def shut_down(self, request: pb.ShutdownServerRequest) -> pb.ShutdownServerResponse:
        """End all traffic; ``request`` is valid."""
        if self._shutdown is None:
            self._shutdown = asyncio.create_task(self._shut_down(request))
        # It continues even if the caller goes away.
        return await asyncio.shield(self._shutdown)

    async def _shut_down(self, request: pb.ShutdownServerRequest) -> pb.ShutdownServerResponse:
        self._state.stopping = True

        async def stop(worker: WorkerHandle, timeout: float) -> pb.ShutdownServerResponse:
            return await worker.server.ShutdownServer(request, timeout=timeout)

        try:
            answers = await ask_all(self._workers, stop, deadline=EMERGENCY_TIMEOUT_S, every_error=True)
            missing = {each.worker for each in answers.missing}
            killed = [worker for worker in self._workers if worker.name in missing]
            for worker in killed:
                self._kill(worker)
            return pb.ShutdownServerResponse(
                sessions_closed=sum(answer.sessions_closed for answer in answers.messages()),
                killed_workers=[worker.name for worker in killed if worker.pid],
            )
        finally:
            log.warning("emergency shutdown", reason=request.reason.strip())
            # The answer leaves before the daemon does.
            asyncio.get_running_loop().call_later(ANSWER_DELAY_S, self._stop)

    async def answered(self) -> None:
        """Wait until the response to an emergency shutdown, if any, has been sent."""
        if self._shutdown is not None:
            await asyncio.wait({self._shutdown})
            await asyncio.sleep(ANSWER_DELAY_S)

    def server(self) -> pb.Server:
        """Return the latest known state of the daemon."""
        state, reported = self._state, [worker.latest for worker in self._workers if worker.latest is not None]
        server = pb.Server(
            version=VERSION,
            hostname=socket.gethostname(),
            state=state.state,
            started_at=convert.timestamp(state.started_wall),
            uptime=convert.duration(time.monotonic() - state.started),
            listen_urls=state.listen_urls,
            workers=[worker.message() for worker in self._workers],
            sessions=sum(each.sessions for each in reported),
            download_bps=sum(each.download_bps for each in reported),
            upload_bps=sum(each.upload_bps for each in reported),
            history=_history(state.history),
            certificates=[
                pb.Certificate(
                    setting=each.setting,
                    file=str(each.path),
                    valid_from=convert.timestamp(each.valid_from),
                    expires_at=convert.timestamp(each.expires_at),
                )
                for each in state.certificates
            ],
        )
        for totals in (*(worker.past for worker in self._workers), *(each.totals for each in reported)):
            merge.add_totals(server.totals, totals)
        if state.drain is not None:
            server.drain_reason = state.drain.reason
            server.drain_deadline_at.CopyFrom(convert.timestamp(state.drain.deadline))
        return server


def _history(history: History | None) -> pb.HistoryStatus:
    if history is None:
        return pb.HistoryStatus(state=pb.HISTORY_STATE_DISABLED)
    status = history.store.status()
    return pb.HistoryStatus(
        failing_since=None if status.failing_since is None else convert.timestamp(status.failing_since),
        warnings=status.warnings,
        webhook=_webhook(history),
        state=pb.HISTORY_STATE_FAILING if status.problem else pb.HISTORY_STATE_WRITING,
        problem=status.problem,
        waiting=status.waiting,
        written=status.written,
        dropped=status.dropped,
    )


def _webhook(history: History) -> pb.WebhookStatus | None:
    if history.webhook is None:
        return None
    status = history.webhook.status()
    return pb.WebhookStatus(
        waiting=status.waiting,
        delivered=status.delivered,
        dropped=status.dropped,
        problem=status.problem,
        failed_at=None if status.failed_at is None else convert.timestamp(status.failed_at),
        next_attempt_at=None if status.next_attempt_at is None else convert.timestamp(status.next_attempt_at),
    )


async def resume(worker: WorkerHandle, request: pb.ResumeServerRequest, timeout: float) -> None:
    """Resume a worker; ignore the error of one that is not draining."""
    try:
        await worker.server.ResumeServer(request, timeout=timeout)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
            raise
