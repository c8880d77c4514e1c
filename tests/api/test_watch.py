"""Watchers that do not read, over real gRPC, whose flow control makes them slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from household.v1 import session_service_pb2 as pb
from household.v1 import session_service_pb2_grpc
from household.v1.server_service_pb2 import WORKER_STATE_READY
from householdd.admission.blocks import Blocks
from householdd.api import watch
from householdd.api.block_list import BlockList
from householdd.api.interceptor import CallInterceptor, everybody
from householdd.settings.definitions import Timeouts
from householdd.supervisor.services.session_service import FanOutSessionService
from householdd.supervisor.worker_calls import WorkerHandle
from householdd.worker.clock import Clock
from householdd.worker.session_manager import SessionChange, SessionManager
from householdd.worker.session_service import WorkerSessionService
from tests.api.samples import session as sample
from tests.session.samples import START, WALL, active
from tests.timers import Timers


@contextlib.asynccontextmanager
async def serving(service: session_service_pb2_grpc.SessionServiceServicer, directory: Path) -> AsyncIterator[Any]:
    """Serve the service on a socket and yield a stub."""
    address = f"unix:{directory / 's'}"
    server = grpc.aio.server(interceptors=[CallInterceptor(everybody, 10)])
    session_service_pb2_grpc.add_SessionServiceServicer_to_server(service, server)
    server.add_insecure_port(address)
    await server.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield session_service_pb2_grpc.SessionServiceStub(channel)
    finally:
        await server.stop(None)


async def told_to_list_again(call: Any) -> None:
    """Read to the end, and check that the watcher is told that it fell behind."""

    async def read_on() -> None:
        while await call.read() is not grpc.aio.EOF:
            pass

    with pytest.raises(grpc.aio.AioRpcError, match="list the sessions again and start a new watch") as ended:
        await read_on()
    assert ended.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    status, info = await rpc_status.aio.from_call(call), ErrorInfo()
    assert status is not None
    status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("WATCH_OVERRUN", "householdd")


async def test_a_worker_lets_go_of_a_watcher_that_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MAX_WAITING_EVENTS", 100)
    manager = SessionManager(Timeouts(), Clock(lambda: START, lambda: WALL, Timers(lambda: START).call_later))
    session = active()
    async with serving(WorkerSessionService(manager, "0"), tmp_path) as stub:
        idle = stub.WatchSessions(pb.WatchSessionsRequest())
        assert (await idle.read()).event == pb.WATCH_EVENT_SNAPSHOT_END
        told = 0
        while manager.listeners and told < 100_000:
            for _ in range(50):
                manager._announce(session, SessionChange.CHANGED)
            told += 50
            # Room for gRPC to write what it can.
            await asyncio.sleep(0.001)
        assert not manager.listeners
        await told_to_list_again(idle)


class EndlessCall:
    """A stream of a worker that never ends."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[pb.WatchSessionsResponse]:
        yield pb.WatchSessionsResponse(event=pb.WATCH_EVENT_SNAPSHOT_END)
        while True:
            await asyncio.sleep(0)
            yield pb.WatchSessionsResponse(event=pb.WATCH_EVENT_CHANGED, session=sample())

    def cancel(self) -> None:
        self.cancelled.set()


class Endless:
    def __init__(self) -> None:
        self.call = EndlessCall()

    def WatchSessions(self, _request: pb.WatchSessionsRequest) -> EndlessCall:
        return self.call


async def test_the_daemon_lets_go_of_a_watcher_that_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "STALL_TIMEOUT_S", 0.1)
    monkeypatch.setattr(watch, "MAX_WAITING_EVENTS", 100)
    worker, endless = WorkerHandle("0", Path()), Endless()
    worker.state = WORKER_STATE_READY
    worker.sessions = endless  # type: ignore[assignment]  # in place of a stub
    worker.ready.set()
    async with serving(FanOutSessionService([worker], BlockList(Blocks())), tmp_path) as stub:
        idle = stub.WatchSessions(pb.WatchSessionsRequest())
        assert (await idle.read()).event == pb.WATCH_EVENT_SNAPSHOT_END
        await asyncio.wait_for(endless.call.cancelled.wait(), 30)
        await told_to_list_again(idle)
