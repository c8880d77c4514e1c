"""SessionService of the daemon: asks every worker, merges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import grpc
import grpc.aio

from household.v1 import session_pb2, session_service_pb2_grpc
from household.v1 import session_service_pb2 as pb
from householdd.controlplane import merging, requests
from householdd.controlplane.failures import Refusal, not_found
from householdd.controlplane.watching import WatchStream
from householdd.supervisor.fleet import WorkerHandle, ask_all

_Context = grpc.aio.ServicerContext[object, object]


class FanSessions(session_service_pb2_grpc.SessionServiceServicer):
    """Checks a request once, sends it to all workers, and says which of them are missing from the answer."""

    def __init__(self, workers: Sequence[WorkerHandle]) -> None:
        self._workers = workers

    async def ListSessions(self, request: pb.ListSessionsRequest, context: _Context) -> pb.ListSessionsResponse:
        """A page over all workers."""
        requests.predicate(request.filter)
        page_request = requests.page_request(request)
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.ListSessions(request, timeout=timeout), context
        )
        merged = merging.merge_lists(page_request, answers.messages())
        merged.unreachable_workers.extend(answers.missing)
        return merged

    async def GetSession(self, request: pb.GetSessionRequest, context: _Context) -> pb.GetSessionResponse:
        """The session, from the worker that knows it."""
        requests.session_id(request.id)

        async def get(worker: WorkerHandle, timeout: float) -> pb.GetSessionResponse | None:  # noqa: ASYNC109 - gRPC's
            try:
                response: pb.GetSessionResponse = await worker.sessions.GetSession(request, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return None
                raise
            return response

        answers = await ask_all(self._workers, get, context)
        for answer in answers.messages():
            if answer is not None:
                return answer
        if answers.missing:
            names = ", ".join(missing.worker for missing in answers.missing)
            raise Refusal(
                grpc.StatusCode.UNAVAILABLE,
                f"session {request.id} is not known to the workers that answered; missing: {names}",
            )
        raise not_found("session", request.id)

    async def KillSessions(self, request: pb.KillSessionsRequest, context: _Context) -> pb.KillSessionsResponse:
        """Ends the selected sessions, wherever they are."""
        requests.check_kill(request)
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.KillSessions(request, timeout=timeout), context
        )
        merged = merging.merge_kills(answers.messages())
        merged.unreachable_workers.extend(answers.missing)
        return merged

    async def WatchSessions(
        self, request: pb.WatchSessionsRequest, _: _Context
    ) -> AsyncIterator[pb.WatchSessionsResponse]:
        """One stream out of all workers', across their restarts."""
        requests.predicate(request.filter, constant_only=True)
        watch = _MergedWatch(request, self._workers)
        pumps = [asyncio.create_task(watch.pump(worker)) for worker in self._workers]
        try:
            async for message in watch.stream.messages():
                yield message
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


class _MergedWatch:
    def __init__(self, request: pb.WatchSessionsRequest, workers: Sequence[WorkerHandle]) -> None:
        self.stream = WatchStream()
        self._request = request
        self._awaited = {worker.name for worker in workers}
        """Workers whose part of the snapshot is not there yet; the mark is sent when the last one came in."""

    async def pump(self, worker: WorkerHandle) -> None:
        """Feeds one worker's events into the stream until cancelled."""
        while True:
            if not worker.ready.is_set():
                await self._complete(worker)
            await worker.ready.wait()
            known: dict[str, session_pb2.Session] = {}
            try:
                async for message in worker.sessions.WatchSessions(self._request):
                    await self._take(worker, message, known)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                    # The watcher is slow, and with it this stream; its sessions are not lost.
                    self.stream.fall_behind()
                    return
                # The process is gone: its sessions are reported lost here, and those that live after all come back
                # with the snapshot of the next round.
                for session in known.values():
                    session.state = session_pb2.SESSION_STATE_CLOSED
                    session.close_reason = session_pb2.CLOSE_REASON_WORKER_LOST
                    await self.stream.feed(pb.WATCH_EVENT_CLOSED, session)
            await self._complete(worker)
            await asyncio.sleep(RETRY)

    async def _take(
        self, worker: WorkerHandle, message: pb.WatchSessionsResponse, known: dict[str, session_pb2.Session]
    ) -> None:
        if message.event == pb.WATCH_EVENT_SNAPSHOT_END:
            await self._complete(worker)
            return
        if message.event == pb.WATCH_EVENT_CLOSED:
            known.pop(message.session.id, None)
        else:
            known[message.session.id] = message.session
        late = message.event == pb.WATCH_EVENT_SNAPSHOT and worker.name not in self._awaited
        await self.stream.feed(pb.WATCH_EVENT_OPENED if late else message.event, message.session)

    async def _complete(self, worker: WorkerHandle) -> None:
        if worker.name in self._awaited:
            self._awaited.discard(worker.name)
            if not self._awaited:
                await self.stream.feed(pb.WATCH_EVENT_SNAPSHOT_END)


RETRY = 0.1
"""Seconds between the end of a worker's stream and the next try."""
