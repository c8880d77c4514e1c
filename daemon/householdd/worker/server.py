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
from householdd.controlplane import convert
from householdd.controlplane.draining import drain_progress
from householdd.controlplane.failures import check_note, check_reason, precondition
from householdd.controlplane.ranges import drain_deadline, drain_spread
from householdd.core.vocabulary import CloseReason
from householdd.dataplane.control_loop import ControlLoop
from householdd.dataplane.registry import Registry
from householdd.dataplane.totals import Totals, add_up
from householdd.version import VERSION
from householdd.worker import census, measurements

FAREWELL = 0.2
"""Seconds that clients have to take in the last words of an emergency shutdown."""

_Context = grpc.aio.ServicerContext[object, object]


@dataclass
class _Drain:
    reason: str
    deadline_wall: float
    timers: list[asyncio.TimerHandle]


class LocalServer(server_service_pb2_grpc.ServerServiceServicer):
    """Answers for the worker that it runs in; ``connections`` counts those of its port, ``stop`` ends the process."""

    def __init__(
        self,
        registry: Registry,
        control_loop: ControlLoop,
        worker: str,
        connections: Callable[[], int],
        stop: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._control_loop = control_loop
        self._worker = worker
        self._connections = connections
        self._stop = stop
        self._started = registry.clock.now()
        self._started_wall = registry.clock.wall()
        self._drain: _Drain | None = None

    async def GetServer(self, request: pb.GetServerRequest, _: _Context) -> pb.GetServerResponse:
        """This worker as a server of its own."""
        totals = self._registry.totals()
        server = self._server_of(totals)
        if not request.samples:
            return pb.GetServerResponse(server=server)
        samples = measurements.take(self._registry, self._control_loop, totals, server.workers[0].census)
        return pb.GetServerResponse(server=server, samples=samples)

    async def DrainServer(self, request: pb.DrainServerRequest, _: _Context) -> pb.DrainServerResponse:
        """Refuses new sessions, and ends the remaining ones at the deadline."""
        reason = check_reason(request.reason)
        delay = drain_deadline(request, self._registry.timeouts.drain)
        spread = drain_spread(request, delay)
        if request.validate_only:
            return pb.DrainServerResponse(server=self._server())
        self._end_drain()
        self._registry.admission.drain_deadline = self._registry.clock.now() + delay
        loop, registry = asyncio.get_running_loop(), self._registry
        timers = [loop.call_later(delay, registry.end_all, CloseReason.DRAINED, reason)]
        if spread:
            timers.append(loop.call_later(delay - spread, registry.end_spread, CloseReason.DRAINED, reason, spread))
        self._drain = _Drain(reason, time.time() + delay, timers)
        return pb.DrainServerResponse(server=self._server())

    async def WatchDrain(self, _request: pb.WatchDrainRequest, _: _Context) -> AsyncIterator[pb.WatchDrainResponse]:
        """How the drain goes on, until it ends."""

        async def look() -> pb.Server:
            return self._server()

        async for message in drain_progress(look):
            yield message

    async def ResumeServer(self, request: pb.ResumeServerRequest, _: _Context) -> pb.ResumeServerResponse:
        """Accepts sessions again."""
        check_note(request.reason)
        if self._drain is None:
            raise precondition("NOT_DRAINING", "the server is not draining")
        if not request.validate_only:
            self._end_drain()
        return pb.ResumeServerResponse(server=self._server())

    async def ShutdownServer(self, request: pb.ShutdownServerRequest, _: _Context) -> pb.ShutdownServerResponse:
        """Ends all traffic, then the process."""
        reason = check_reason(request.reason)
        if request.validate_only:
            return pb.ShutdownServerResponse(sessions_closed=len(self._registry.live))
        self._registry.admission.drain_deadline = self._registry.clock.now()
        closed = self._registry.end_all(CloseReason.EMERGENCY, reason)
        await asyncio.sleep(FAREWELL)
        self._registry.abort_all()
        self._stop()
        return pb.ShutdownServerResponse(sessions_closed=closed)

    def _end_drain(self) -> None:
        if self._drain is not None:
            for timer in self._drain.timers:
                timer.cancel()
            self._registry.cancel_ends(CloseReason.DRAINED)
        self._drain = None
        self._registry.admission.drain_deadline = None

    def _server(self) -> pb.Server:
        return self._server_of(self._registry.totals())

    def _server_of(self, totals: Mapping[str, Totals]) -> pb.Server:
        registry = self._registry
        sessions = [runner.session for runner in registry.live.values()]
        server = pb.Server(
            version=VERSION,
            hostname=socket.gethostname(),
            state=pb.SERVER_STATE_DRAINING if registry.admission.draining else pb.SERVER_STATE_SERVING,
            started_at=convert.timestamp(self._started_wall),
            uptime=convert.duration(registry.clock.now() - self._started),
            workers=[self._worker_message()],
            sessions=len(sessions),
            download_bps=sum(session.download_meter.bps for session in sessions),
            upload_bps=sum(session.upload_meter.bps for session in sessions),
            totals=_totals_message(registry, totals),
        )
        if self._drain is not None:
            server.drain_reason = self._drain.reason
            server.drain_deadline_at.CopyFrom(convert.timestamp(self._drain.deadline_wall))
        return server

    def _worker_message(self) -> pb.Worker:
        loop = self._control_loop
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
            overload=convert.overload(loop.overloading.ladder, loop.overloading.since_wall),
            census=census.take(self._registry, self._connections()),
            sessions=[
                pb.StateCount(state=convert.state(state), count=count)
                for state, count in self._registry.states().items()
            ],
        )


def _totals_message(registry: Registry, by_profile: Mapping[str, Totals]) -> pb.Totals:
    closed = sum((totals.closed for totals in by_profile.values()), Counter[CloseReason]())
    tally = add_up(totals.tally for totals in by_profile.values())
    return pb.Totals(
        sessions_opened=sum(totals.opened for totals in by_profile.values()),
        sessions_closed=[pb.CloseCount(reason=convert.reason(reason), count=count) for reason, count in closed.items()],
        sent_bytes=tally.sent,
        received_bytes=tally.received,
        handshakes_refused=registry.refusals.total(),
        protocol_errors=tally.protocol_errors,
        refusals=[
            pb.RefusalCount(cause=convert.refusal(cause), count=count) for cause, count in registry.refusals.items()
        ],
    )
