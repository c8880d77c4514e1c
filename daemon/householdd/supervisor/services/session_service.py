"""SessionService of the daemon, merged over its workers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import grpc
import grpc.aio
import structlog

from household.v1 import session_pb2, session_service_pb2_grpc
from household.v1 import session_service_pb2 as pb
from householdd.api import breaker_list, convert, merge, requests
from householdd.api.block_list import MAX_ADDRESSES, BlockList, networks_of, orders
from householdd.api.errors import Refusal, not_found
from householdd.api.watch import OverrunError, WatchStream
from householdd.clients.addresses import format_network
from householdd.supervisor.worker_calls import WorkerHandle, ask_all, tell_all

log = structlog.get_logger("control")

_Context = grpc.aio.ServicerContext[object, object]


class FanOutSessionService(session_service_pb2_grpc.SessionServiceServicer):
    """Checks a request, sends it to all workers, and merges their answers, naming unreachable workers."""

    def __init__(self, workers: Sequence[WorkerHandle], block_list: BlockList) -> None:
        """``block_list`` is in force at every worker."""
        self._workers = workers
        self._block_list = block_list

    async def ListSessions(self, request: pb.ListSessionsRequest, context: _Context) -> pb.ListSessionsResponse:
        requests.predicate(request.filter)
        page_request = requests.page_request(request)
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.ListSessions(request, timeout=timeout), context
        )
        merged = merge.merge_lists(page_request, answers.messages())
        merged.unreachable_workers.extend(answers.missing)
        return merged

    async def GetSession(self, request: pb.GetSessionRequest, context: _Context) -> pb.GetSessionResponse:
        """Return a session from the worker that has it."""
        requests.session_id(request.id)

        async def get(worker: WorkerHandle, timeout: float) -> pb.GetSessionResponse | None:
            try:
                return await worker.sessions.GetSession(request, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return None
                raise

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
        """Close the selected sessions on all workers."""
        requests.check_kill(request)
        if not request.HasField("block_address"):
            return await self._kill(request, context)
        # Every worker blocks first, so that no killed client returns to another worker in between.
        look = pb.KillSessionsRequest()
        look.CopyFrom(request)
        look.ClearField("block_address")
        look.validate_only = True
        expected = await self._kill(look, context)
        blocks = await self._block_killed(expected, request, context)
        if request.validate_only:
            expected.blocks.extend(blocks)
            return expected
        killed = await self._kill(request, context)
        # A filter may hit sessions that opened after the first look. Their worker has blocked them; now all others do.
        late = await self._block_killed(killed, request, context, blocks)
        killed.blocks.extend((*blocks, *late))
        return killed

    async def _kill(self, request: pb.KillSessionsRequest, context: _Context) -> pb.KillSessionsResponse:
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.KillSessions(request, timeout=timeout), context
        )
        merged = merge.merge_kills(answers.messages())
        merged.unreachable_workers.extend(answers.missing)
        return merged

    async def _block_killed(
        self,
        killed: pb.KillSessionsResponse,
        request: pb.KillSessionsRequest,
        context: _Context,
        before: Sequence[pb.Block] = (),
    ) -> list[pb.Block]:
        known = {block.address for block in before}
        networks = [network for network in networks_of(killed.results) if format_network(network) not in known]
        length, reason = convert.seconds(request.block_address), request.reason.strip()
        blocks = self._block_list.put(networks, reason, length, validate_only=request.validate_only)
        if not request.validate_only:
            await self._tell_blocks(blocks, context)
        return blocks

    async def BlockAddresses(self, request: pb.BlockAddressesRequest, context: _Context) -> pb.BlockAddressesResponse:
        """Block addresses on every worker, including those that start later."""
        blocks = self._block_list.block(request)
        missing = [] if request.validate_only else await self._tell_blocks(blocks, context)
        return pb.BlockAddressesResponse(blocks=blocks, unreachable_workers=missing)

    async def ListBlocks(self, _request: pb.ListBlocksRequest, _: _Context) -> pb.ListBlocksResponse:
        return pb.ListBlocksResponse(blocks=self._block_list.list())

    async def UnblockAddresses(
        self, request: pb.UnblockAddressesRequest, context: _Context
    ) -> pb.UnblockAddressesResponse:
        response = self._block_list.unblock(request)
        if response.blocks and not request.validate_only:
            try:
                missing = await tell_all(
                    self._workers, lambda worker, timeout: brief_blocks(worker, self._block_list, timeout), context
                )
            finally:
                log.info("unblocked", addresses=[block.address for block in response.blocks])
            response.unreachable_workers.extend(missing)
        return response

    async def ListBreakers(self, request: pb.ListBreakersRequest, context: _Context) -> pb.ListBreakersResponse:
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.ListBreakers(request, timeout=timeout), context
        )
        merged = breaker_list.merge(answer.breakers for answer in answers.messages())
        return pb.ListBreakersResponse(breakers=merged, unreachable_workers=answers.missing)

    async def ResetBreakers(self, request: pb.ResetBreakersRequest, context: _Context) -> pb.ResetBreakersResponse:
        networks = breaker_list.selected(request)
        answers = await ask_all(
            self._workers, lambda worker, timeout: worker.sessions.ResetBreakers(request, timeout=timeout), context
        )
        merged = breaker_list.merge(answer.breakers for answer in answers.messages())
        if merged and not request.validate_only:
            log.info("breakers reset", addresses=[each.address for each in merged], reason=request.reason or None)
        missing = breaker_list.without(merged, networks)
        return pb.ResetBreakersResponse(breakers=merged, unreachable_workers=answers.missing, not_open=missing)

    async def _tell_blocks(self, blocks: Sequence[pb.Block], context: _Context) -> list[pb.UnreachableWorker]:
        if not blocks:
            return []

        async def tell(worker: WorkerHandle, timeout: float) -> None:
            for order in orders(blocks):
                await worker.sessions.BlockAddresses(order, timeout=timeout)

        try:
            return await tell_all(self._workers, tell, context)
        finally:
            log.info("blocked", addresses=[block.address for block in blocks], reason=blocks[0].reason)

    async def WatchSessions(
        self, request: pb.WatchSessionsRequest, _: _Context
    ) -> AsyncIterator[pb.WatchSessionsResponse]:
        """Merge the streams of all workers, across their restarts."""
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


async def brief_blocks(worker: WorkerHandle, block_list: BlockList, timeout: float) -> None:
    """Replace the blocks of a worker with those of ``block_list``."""
    blocks = block_list.list()
    wanted = {block.address for block in blocks}
    known = await worker.sessions.ListBlocks(pb.ListBlocksRequest(), timeout=timeout)
    extra = [block.address for block in known.blocks if block.address not in wanted]
    for start in range(0, len(extra), MAX_ADDRESSES):
        request = pb.UnblockAddressesRequest(addresses=extra[start : start + MAX_ADDRESSES])
        await worker.sessions.UnblockAddresses(request, timeout=timeout)
    for order in orders(blocks):
        await worker.sessions.BlockAddresses(order, timeout=timeout)


class _MergedWatch:
    def __init__(self, request: pb.WatchSessionsRequest, workers: Sequence[WorkerHandle]) -> None:
        self.stream = WatchStream()
        self._request = request
        self._awaited = {worker.name for worker in workers}
        """Workers whose part of the snapshot is missing; SNAPSHOT_END is sent after the last."""

    async def pump(self, worker: WorkerHandle) -> None:
        """Feed a worker's events into the stream until cancelled or the watcher falls behind."""
        with contextlib.suppress(OverrunError):
            await self._feed(worker)

    async def _feed(self, worker: WorkerHandle) -> None:
        while True:
            if not worker.ready.is_set():
                await self._complete(worker)
            await worker.ready.wait()
            known: dict[str, session_pb2.Session] = {}
            call = worker.sessions.WatchSessions(self._request)
            try:
                async for message in call:
                    await self._take(worker, message, known)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                    # The watcher is slow, and with it this stream; its sessions are not lost.
                    self.stream.fall_behind()
                    return
                # The process is gone: report its sessions as lost. Those still alive return with the snapshot of the
                # next round.
                for session in known.values():
                    session.state = session_pb2.SESSION_STATE_CLOSED
                    session.close_reason = session_pb2.CLOSE_REASON_WORKER_LOST
                    await self.stream.feed(pb.WATCH_EVENT_CLOSED, session)
            finally:
                call.cancel()
            await self._complete(worker)
            await asyncio.sleep(RETRY_S)

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


RETRY_S = 0.1
"""Seconds between the end of a worker's stream and the next try."""
