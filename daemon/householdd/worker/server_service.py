"""ServerService of one worker."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import grpc.aio

from household.v1 import server_service_pb2 as pb
from household.v1 import server_service_pb2_grpc
from householdd.api import convert
from householdd.api.drain_progress import drain_progress
from householdd.api.errors import check_note, check_reason, precondition
from householdd.api.requests import drain_deadline, drain_spread
from householdd.session.close_reason import CloseReason
from householdd.session.states import SessionState
from householdd.version import VERSION
from householdd.worker import metric_samples, resource_usage
from householdd.worker.control_loop import ControlLoop
from householdd.worker.profile_totals import ProfileTotals
from householdd.worker.self_stop import EmergencyStop
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_stats import SessionStats, take_stats

_Context = grpc.aio.ServicerContext[object, object]


@dataclass
class _Drain:
    reason: str
    deadline_wall: float
    timers: list[asyncio.TimerHandle]


class WorkerServerService(server_service_pb2_grpc.ServerServiceServicer):
    """Answers for its worker. ``connections`` counts those of its port."""

    def __init__(
        self,
        manager: SessionManager,
        control_loop: ControlLoop,
        worker: str,
        connections: Callable[[], int],
        stop: EmergencyStop,
    ) -> None:
        self._manager = manager
        self._control_loop = control_loop
        self._worker = worker
        self._connections = connections
        self._stop = stop
        self._started = manager.clock.now()
        self._started_wall = manager.clock.wall()
        self._drain: _Drain | None = None

    async def GetServer(self, request: pb.GetServerRequest, _: _Context) -> pb.GetServerResponse:
        """Return this worker as a server."""
        taken = await take_stats(self._manager)
        server = self._server_of(taken)
        if not request.samples:
            return pb.GetServerResponse(server=server)
        samples = metric_samples.take(self._manager, self._control_loop, taken, server.workers[0].census)
        return pb.GetServerResponse(server=server, samples=samples)

    async def DrainServer(self, request: pb.DrainServerRequest, _: _Context) -> pb.DrainServerResponse:
        """Refuse new sessions, and close the remaining ones at the deadline."""
        reason = check_reason(request.reason)
        delay = drain_deadline(request, self._manager.timeouts.drain)
        spread = drain_spread(request, delay)
        if request.validate_only:
            return pb.DrainServerResponse(server=await self._server())
        self._end_drain()
        self._manager.admission.drain_deadline = self._manager.clock.now() + delay
        loop, manager = asyncio.get_running_loop(), self._manager
        timers = [loop.call_later(delay, manager.close, CloseReason.DRAINED, reason)]
        if spread:
            timers.append(loop.call_later(delay - spread, manager.close, CloseReason.DRAINED, reason, spread))
        self._drain = _Drain(reason, time.time() + delay, timers)
        return pb.DrainServerResponse(server=await self._server())

    async def WatchDrain(self, _request: pb.WatchDrainRequest, _: _Context) -> AsyncIterator[pb.WatchDrainResponse]:
        async for message in drain_progress(self._server):
            yield message

    async def ResumeServer(self, request: pb.ResumeServerRequest, _: _Context) -> pb.ResumeServerResponse:
        check_note(request.reason)
        if self._drain is None:
            raise precondition("NOT_DRAINING", "the server is not draining")
        if not request.validate_only:
            self._end_drain()
        return pb.ResumeServerResponse(server=await self._server())

    async def ShutdownServer(self, request: pb.ShutdownServerRequest, _: _Context) -> pb.ShutdownServerResponse:
        """End all traffic, then the process."""
        reason = check_reason(request.reason)
        if request.validate_only:
            return pb.ShutdownServerResponse(sessions_closed=len(self._manager.live))
        closed = self._stop.order(reason)
        await self._stop.finish()
        return pb.ShutdownServerResponse(sessions_closed=closed)

    def _end_drain(self) -> None:
        if self._drain is not None:
            for timer in self._drain.timers:
                timer.cancel()
            self._manager.cancel_closes(CloseReason.DRAINED)
        self._drain = None
        self._manager.admission.drain_deadline = None

    async def _server(self) -> pb.Server:
        return self._server_of(await take_stats(self._manager))

    def _server_of(self, taken: SessionStats) -> pb.Server:
        manager = self._manager
        server = pb.Server(
            version=VERSION,
            hostname=socket.gethostname(),
            state=self._state(),
            started_at=convert.timestamp(self._started_wall),
            uptime=convert.duration(taken.at - self._started),
            workers=[self._worker_message(taken)],
            sessions=taken.sessions,
            download_bps=sum(live.download_bps for live in taken.live.values()),
            upload_bps=sum(live.upload_bps for live in taken.live.values()),
            totals=_totals_message(manager, taken.totals),
        )
        if self._drain is not None:
            server.drain_reason = self._drain.reason
            server.drain_deadline_at.CopyFrom(convert.timestamp(self._drain.deadline_wall))
        if self._stop.reason is not None:
            server.drain_reason = self._stop.reason
        return server

    def _state(self) -> pb.ServerState.ValueType:
        if self._stop.reason is not None:
            return pb.SERVER_STATE_STOPPING
        return pb.SERVER_STATE_DRAINING if self._manager.admission.draining else pb.SERVER_STATE_SERVING

    def _worker_message(self, taken: SessionStats) -> pb.Worker:
        loop, states = self._control_loop, Counter[SessionState]()
        for (_, state), number in taken.states.items():
            states[state] += number
        return pb.Worker(
            name=self._worker,
            state=pb.WORKER_STATE_READY,
            pid=os.getpid(),
            started_at=convert.timestamp(self._started_wall),
            control_loop=pb.ControlLoop(
                passes=loop.passes,
                slow_passes=loop.slow_passes,
                last_pass=convert.duration(loop.last_pass),
                longest_gap=convert.duration(loop.longest_gap),
            ),
            overload=convert.overload(loop.overloading.controller, loop.overloading.since_wall),
            census=resource_usage.take(self._manager, self._connections()),
            sessions=[pb.StateCount(state=convert.state(state), count=number) for state, number in states.items()],
        )


def _totals_message(manager: SessionManager, by_profile: Mapping[str, ProfileTotals]) -> pb.Totals:
    closed = sum((totals.closed for totals in by_profile.values()), Counter[CloseReason]())
    tallies = [totals.tally for totals in by_profile.values()]
    return pb.Totals(
        sessions_opened=sum(totals.opened for totals in by_profile.values()),
        sessions_closed=[pb.CloseCount(reason=convert.reason(reason), count=count) for reason, count in closed.items()],
        sent_bytes=sum(tally.sent for tally in tallies),
        received_bytes=sum(tally.received for tally in tallies),
        handshakes_refused=manager.refusals.total(),
        protocol_errors=sum(tally.protocol_errors for tally in tallies),
        refusals=[
            pb.RefusalCount(cause=convert.refusal(cause), count=count) for cause, count in manager.refusals.items()
        ],
    )
