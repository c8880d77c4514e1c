"""RecorderService: receives sessions and runs from the workers, on a private socket."""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio

from household.internal.v1 import recorder_service_pb2 as pb
from household.internal.v1 import recorder_service_pb2_grpc
from household.v1 import session_pb2
from householdd.measure import run_report
from householdd.measure.kernel_witness import KernelSamples
from householdd.supervisor.errors import step
from householdd.supervisor.history.history import History, HistoryUnavailableError, Refused
from householdd.supervisor.history.rows import shared_run

_REFUSALS = {
    Refused.TOO_MANY: pb.RUN_REFUSAL_TOO_MANY,
    Refused.BUSY: pb.RUN_REFUSAL_BUSY,
    Refused.UNAVAILABLE: pb.RUN_REFUSAL_UNAVAILABLE,
}

SESSIONS_END_S = 10.0
"""Seconds after its report in which a run's last sessions end and are stored; the page gives them 4 s."""

_Context = grpc.aio.ServicerContext[object, object]


class RecorderService(recorder_service_pb2_grpc.RecorderServiceServicer):
    """Passes sessions and runs to the history."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def RecordSessions(
        self, request_iterator: AsyncIterator[pb.RecordSessionsRequest], _: _Context
    ) -> pb.RecordSessionsResponse:
        """Record the sessions of one worker until it ends."""
        live: dict[str, session_pb2.Session] = {}
        try:
            async for request in request_iterator:
                if request.dropped:
                    self._history.store.count_dropped(request.dropped)
                for session in request.sessions:
                    if session.state == session_pb2.SESSION_STATE_CLOSED:
                        live.pop(session.id, None)
                        samples = request.samples.get(session.id)
                        self._history.ended(session, request.delays.get(session.id), samples and _kernel(samples))
                    else:
                        live[session.id] = session
                        self._history.opened(session)
        finally:
            # However the stream ended: a worker that stops in order has reported all its ends.
            for session in live.values():
                self._history.lost(session)
        return pb.RecordSessionsResponse()

    async def StoreRun(self, request: pb.StoreRunRequest, _: _Context) -> pb.StoreRunResponse:
        idle_ms = request.kernel_idle_ms if request.HasField("kernel_idle_ms") else None
        outcome = await self._history.take_run(request.session, run_report.decode(request.report), idle_ms)
        if isinstance(outcome, Refused):
            return pb.StoreRunResponse(refusal=_REFUSALS[outcome])
        return pb.StoreRunResponse(id=outcome, shared=self._history.settings.permalinks)

    async def GetSharedRun(self, request: pb.GetSharedRunRequest, context: _Context) -> pb.GetSharedRunResponse:
        try:
            found = await self._history.run(request.id)
        except HistoryUnavailableError as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        if found is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such run")
        final = time.time() - found[0].stored_at > SESSIONS_END_S
        return pb.GetSharedRunResponse(run=shared_run(*found), final=final)


def _kernel(samples: pb.KernelSamples) -> KernelSamples:
    return KernelSamples(array("f", samples.at_s), array("f", samples.round_trip_ms))


@contextlib.asynccontextmanager
async def recorder_server(history: History, path: Path) -> AsyncIterator[None]:
    """Serve on ``path``, in a private directory. Raise DaemonError.

    At the end, open streams are closed and their live sessions recorded as lost.
    """
    server = grpc.aio.server()
    recorder_service_pb2_grpc.add_RecorderServiceServicer_to_server(RecorderService(history), server)
    with step(f"runtime_dir {path}"):
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - a file of tmpfs, before anything is served
        server.add_insecure_port(f"unix:{path}")
        await server.start()
    try:
        yield
    finally:
        await server.stop(0)
