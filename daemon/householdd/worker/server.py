"""ServerService of one worker."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import grpc.aio

from household.v1 import server_service_pb2 as pb
from household.v1 import server_service_pb2_grpc
from householdd.controlplane import convert
from householdd.controlplane.failures import check_reason, precondition
from householdd.controlplane.ranges import drain_deadline
from householdd.core.vocabulary import CloseReason
from householdd.dataplane.control_loop import ControlLoop
from householdd.dataplane.registry import Registry
from householdd.worker import census

FAREWELL = 0.2
"""Seconds that clients have to take in the last words of an emergency shutdown."""

_Context = grpc.aio.ServicerContext[object, object]


@dataclass
class _Drain:
    reason: str
    deadline_wall: float
    timer: asyncio.TimerHandle


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

    async def GetServer(self, _request: pb.GetServerRequest, _: _Context) -> pb.GetServerResponse:
        """This worker as a server of its own."""
        return pb.GetServerResponse(server=self._server())

    async def DrainServer(self, request: pb.DrainServerRequest, _: _Context) -> pb.DrainServerResponse:
        """Refuses new sessions, and ends the remaining ones at the deadline."""
        reason = check_reason(request.reason)
        delay = drain_deadline(request, self._registry.timeouts.drain)
        self._end_drain()
        self._registry.draining = True
        timer = asyncio.get_running_loop().call_later(delay, self._registry.end_all, CloseReason.DRAINED, reason)
        self._drain = _Drain(reason, time.time() + delay, timer)
        return pb.DrainServerResponse(server=self._server())

    async def ResumeServer(self, _request: pb.ResumeServerRequest, _: _Context) -> pb.ResumeServerResponse:
        """Accepts sessions again."""
        if self._drain is None:
            raise precondition("NOT_DRAINING", "the server is not draining")
        self._end_drain()
        return pb.ResumeServerResponse(server=self._server())

    async def ShutdownServer(self, request: pb.ShutdownServerRequest, _: _Context) -> pb.ShutdownServerResponse:
        """Ends all traffic, then the process."""
        reason = check_reason(request.reason)
        self._registry.draining = True
        closed = self._registry.end_all(CloseReason.EMERGENCY, reason)
        await asyncio.sleep(FAREWELL)
        self._registry.abort_all()
        self._stop()
        return pb.ShutdownServerResponse(sessions_closed=closed)

    def _end_drain(self) -> None:
        if self._drain is not None:
            self._drain.timer.cancel()
        self._drain = None
        self._registry.draining = False

    def _server(self) -> pb.Server:
        registry, totals = self._registry, self._registry.totals()
        sessions = [runner.session for runner in registry.live.values()]
        server = pb.Server(
            version=version("householdd"),
            hostname=socket.gethostname(),
            state=pb.SERVER_STATE_DRAINING if registry.draining else pb.SERVER_STATE_SERVING,
            started_at=convert.timestamp(self._started_wall),
            uptime=convert.duration(registry.clock.now() - self._started),
            workers=[self._worker_message()],
            sessions=len(sessions),
            download_bps=sum(session.download_meter.bps for session in sessions),
            upload_bps=sum(session.upload_meter.bps for session in sessions),
            totals=pb.Totals(
                sessions_opened=totals.opened,
                sessions_closed=[
                    pb.CloseCount(reason=convert.reason(reason), count=count) for reason, count in totals.closed.items()
                ],
                sent_bytes=totals.sent,
                received_bytes=totals.received,
                handshakes_refused=totals.refused,
                protocol_errors=totals.protocol_errors,
            ),
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
            census=census.take(self._registry, self._connections()),
            sessions=[
                pb.StateCount(state=convert.state(state), count=count)
                for state, count in self._registry.states().items()
            ],
        )
