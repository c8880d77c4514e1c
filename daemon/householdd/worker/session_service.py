"""SessionService of one worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import grpc.aio

from household.v1 import session_pb2, session_service_pb2_grpc
from household.v1 import session_service_pb2 as pb
from householdd.api import requests
from householdd.api.block_list import HIT, BlockList, networks_of
from householdd.api.breaker_list import BreakerList
from householdd.api.convert import seconds
from householdd.api.errors import not_found
from householdd.api.paging import Placed
from householdd.api.requests import block_duration
from householdd.api.watch import OverrunError, WatchStream
from householdd.clients.addresses import host_port
from householdd.session.close_reason import CloseReason
from householdd.session.session import Session
from householdd.session.states import SessionState
from householdd.worker.cooperative import batches
from householdd.worker.session_manager import SessionChange, SessionManager
from householdd.worker.session_selection import SessionSelection, describe

_EVENTS = {
    SessionChange.OPENED: pb.WATCH_EVENT_OPENED,
    SessionChange.CHANGED: pb.WATCH_EVENT_CHANGED,
    SessionChange.CLOSED: pb.WATCH_EVENT_CLOSED,
}

BATCH_SIZE = 32
"""Sessions converted in one turn of the event loop, which takes some 1 ms."""

_Context = grpc.aio.ServicerContext[object, object]


class WorkerSessionService(session_service_pb2_grpc.SessionServiceServicer):
    """Serves the sessions of one worker."""

    def __init__(self, manager: SessionManager, worker: str) -> None:
        self._manager = manager
        self._worker = worker
        self._block_list = BlockList(manager.admission.blocks)
        self._breakers = BreakerList(manager.admission.breakers)

    async def ListSessions(self, request: pb.ListSessionsRequest, _: _Context) -> pb.ListSessionsResponse:
        selection, page_request = self._selection(request.filter), requests.page_request(request)
        matching: list[Placed] = []
        async for batch in batches(list(self._manager.live.values()), BATCH_SIZE, self._manager.clock.now):
            # Some may have ended between two turns.
            sessions = [each.session for each in batch if each.session.state is not SessionState.CLOSED]
            picked = [message for session in sessions if (message := selection.pick(session)) is not None]
            matching.extend(map(page_request.placed, picked))
        page, token = page_request.page_of(matching)
        return pb.ListSessionsResponse(sessions=page, next_page_token=token, total_size=len(matching))

    async def GetSession(self, request: pb.GetSessionRequest, _: _Context) -> pb.GetSessionResponse:
        session = self._manager.find(requests.session_id(request.id))
        if session is None:
            raise not_found("session", request.id)
        return pb.GetSessionResponse(session=describe(self._manager, session, self._worker, samples=True))

    async def KillSessions(self, request: pb.KillSessionsRequest, _: _Context) -> pb.KillSessionsResponse:
        requests.check_kill(request)
        match request.WhichOneof("selector"):
            case "ids":
                ids = list(dict.fromkeys(requests.session_id(text) for text in request.ids.ids))
            case "filter":
                # In one turn: between two turns sessions open, end and change, and the selection would depend on that.
                selection = self._selection(request.filter)
                ids = [each for each, driver in self._manager.live.items() if selection.fits(driver.session)]
            case _:
                ids = list(self._manager.live)
        results = [self._result(session_id, request) for session_id in ids]
        response = pb.KillSessionsResponse(results=results)
        if request.HasField("block_address"):
            # First, so that no client is back in between.
            response.blocks.extend(self._block(request, results))
        if not request.validate_only:
            hit = [result.id for result in results if result.outcome in HIT]
            self._manager.close(CloseReason.KILLED, request.reason.strip(), seconds(request.spread), hit)
        return response

    async def WatchSessions(
        self, request: pb.WatchSessionsRequest, _: _Context
    ) -> AsyncIterator[pb.WatchSessionsResponse]:
        selection = self._selection(request.filter, constant_only=True)
        stream = WatchStream()
        # Sessions that the snapshot has not shown yet.
        unseen = {session_id: driver.session for session_id, driver in self._manager.live.items()}

        def tell(session: Session, change: SessionChange) -> None:
            if session.identity.id in unseen:
                # The snapshot will show this change; a session that ends is left out of it.
                if change is SessionChange.CLOSED:
                    del unseen[session.identity.id]
            elif (message := selection.pick(session)) is not None:
                try:
                    stream.put(_EVENTS[change], message)
                except OverrunError:
                    self._manager.listeners.discard(tell)

        # Before the first await: from here on each change is either told or part of the snapshot.
        self._manager.listeners.add(tell)
        try:
            stream.put(pb.WATCH_EVENT_SNAPSHOT_END)
            async for message in stream.messages(_snapshot(unseen, selection, self._manager.clock.now)):
                yield message
        finally:
            self._manager.listeners.discard(tell)

    async def BlockAddresses(self, request: pb.BlockAddressesRequest, _: _Context) -> pb.BlockAddressesResponse:
        return pb.BlockAddressesResponse(blocks=self._block_list.block(request))

    async def ListBlocks(self, _request: pb.ListBlocksRequest, _: _Context) -> pb.ListBlocksResponse:
        return pb.ListBlocksResponse(blocks=self._block_list.list())

    async def UnblockAddresses(self, request: pb.UnblockAddressesRequest, _: _Context) -> pb.UnblockAddressesResponse:
        return self._block_list.unblock(request)

    async def ListBreakers(self, _request: pb.ListBreakersRequest, _: _Context) -> pb.ListBreakersResponse:
        return pb.ListBreakersResponse(breakers=self._breakers.shown())

    async def ResetBreakers(self, request: pb.ResetBreakersRequest, _: _Context) -> pb.ResetBreakersResponse:
        return self._breakers.reset(request)

    def _result(self, session_id: str, request: pb.KillSessionsRequest) -> pb.KillResult:
        """Return the outcome of a kill for the session as it is now."""
        session = self._manager.find(session_id)
        if session is None:
            return pb.KillResult(id=session_id, outcome=pb.KILL_OUTCOME_NOT_FOUND)
        outcome = pb.KILL_OUTCOME_ALREADY_CLOSED
        if session.live:
            outcome = pb.KILL_OUTCOME_SCHEDULED if seconds(request.spread) else pb.KILL_OUTCOME_KILLED
        identity = session.identity
        peer = host_port(identity.peer_host, identity.peer_port)
        return pb.KillResult(id=session_id, outcome=outcome, peer_address=peer)

    def _block(self, request: pb.KillSessionsRequest, results: list[pb.KillResult]) -> list[pb.Block]:
        networks = networks_of(results)
        length = block_duration(request.block_address, "block_address")
        return self._block_list.put(networks, request.reason.strip(), length, validate_only=request.validate_only)

    def _selection(self, text: str, *, constant_only: bool = False) -> SessionSelection:
        return SessionSelection(text, self._manager, self._worker, constant_only=constant_only)


async def _snapshot(
    unseen: dict[str, Session], selection: SessionSelection, now: Callable[[], float]
) -> AsyncIterator[session_pb2.Session]:
    """Empty ``unseen`` and yield the selected sessions, a batch in each turn of the event loop."""
    async for batch in batches(list(unseen), BATCH_SIZE, now):
        sessions = [unseen.pop(session_id) for session_id in batch if session_id in unseen]
        for message in [selection.pick(session) for session in sessions]:
            if message is not None:
                yield message
