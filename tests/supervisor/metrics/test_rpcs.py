"""Calls to a real gRPC server, counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from household.v1 import (
    config_service_pb2_grpc,
    server_service_pb2_grpc,
    session_service_pb2_grpc,
)
from household.v1 import server_service_pb2 as server_pb
from household.v1 import session_service_pb2 as session_pb
from householdd.api import metric_families as metrics
from householdd.api.errors import precondition
from householdd.api.server import ControlServer, Services
from householdd.supervisor.metrics.rpcs import RpcCounts
from tests.supervisor.plane import until


class Server(server_service_pb2_grpc.ServerServiceServicer):
    async def GetServer(self, _request: server_pb.GetServerRequest, _: Any) -> server_pb.GetServerResponse:
        return server_pb.GetServerResponse()

    async def ResumeServer(self, _request: server_pb.ResumeServerRequest, _: Any) -> server_pb.ResumeServerResponse:
        raise precondition("NOT_DRAINING", "not draining")

    async def DrainServer(self, _request: server_pb.DrainServerRequest, _: Any) -> server_pb.DrainServerResponse:
        raise ZeroDivisionError


class Sessions(session_service_pb2_grpc.SessionServiceServicer):
    async def WatchSessions(
        self,
        _request: session_pb.WatchSessionsRequest,
        _: Any,
    ) -> AsyncIterator[session_pb.WatchSessionsResponse]:
        yield session_pb.WatchSessionsResponse()
        await asyncio.Event().wait()


class Bench:
    def __init__(self, counts: RpcCounts, channel: grpc.aio.Channel) -> None:
        self.counts = counts
        self.channel = channel
        self.sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.server = server_service_pb2_grpc.ServerServiceStub(channel)

    def number(self, family: metrics.Family, *labels: str) -> float | None:
        """A number, or how often a histogram was fed."""
        value = dict(self.counts.values()).get((family.name, labels))
        return None if value is None else sum(value.counts) or value.number


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    counts = RpcCounts()
    # The generated types call abstract what is not called here.
    kinds: tuple[Any, ...] = (Sessions, Server, config_service_pb2_grpc.ConfigServiceServicer)
    services = Services(*(kind() for kind in kinds))
    server = ControlServer(services, tmp_path / "sock", outermost=[counts])
    await server.start()
    async with grpc.aio.insecure_channel(f"unix:{tmp_path / 'sock'}") as channel:
        yield Bench(counts, channel)
    await server.stop(0)


GET, RESUME, DRAIN = (f"household.v1.ServerService/{name}" for name in ("GetServer", "ResumeServer", "DrainServer"))


async def test_calls_are_counted_by_method_and_the_code_that_the_caller_saw(bench: Bench) -> None:
    assert bench.number(metrics.RPCS, DRAIN, "INTERNAL") == 0
    await bench.server.GetServer(server_pb.GetServerRequest())
    for call in (
        bench.server.ResumeServer(server_pb.ResumeServerRequest()),
        bench.server.DrainServer(server_pb.DrainServerRequest()),
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await call
    # A caller can have its answer before the server has counted it.
    await until(lambda: all(bench.number(metrics.RPCS_IN_PROGRESS, method) == 0 for method in (GET, RESUME, DRAIN)))
    assert bench.number(metrics.RPCS, GET, "OK") == 1
    assert bench.number(metrics.RPCS, RESUME, "FAILED_PRECONDITION") == 1
    assert bench.number(metrics.RPCS, DRAIN, "INTERNAL") == 1
    assert bench.number(metrics.RPC_TIME, GET) == 1


async def test_a_stream_is_under_way_until_its_reader_goes(bench: Bench) -> None:
    method = "household.v1.SessionService/WatchSessions"
    call = bench.sessions.WatchSessions(session_pb.WatchSessionsRequest())
    await anext(aiter(call))
    assert bench.number(metrics.RPCS_IN_PROGRESS, method) == 1
    call.cancel()
    async with asyncio.timeout(10):
        while bench.number(metrics.RPCS, method, "CANCELLED") != 1:
            # Any call, to let the server take the cancellation in.
            await bench.server.GetServer(server_pb.GetServerRequest())
    assert bench.number(metrics.RPCS_IN_PROGRESS, method) == 0
    assert bench.number(metrics.RPC_TIME, method) is None


async def test_health_checks_go_through(bench: Bench) -> None:
    stub: Any = health_pb2_grpc.HealthStub(bench.channel)
    await stub.Check(health_pb2.HealthCheckRequest())
    watch = stub.Watch(health_pb2.HealthCheckRequest())
    await anext(aiter(watch))
    watch.cancel()
    await until(lambda: bench.number(metrics.RPCS, "grpc.health.v1.Health/Check", "OK") == 1)


async def test_a_caller_cannot_make_series_up(bench: Bench) -> None:
    before = {key for key, _ in bench.counts.values()}
    call: Any = bench.channel.unary_unary("/household.v1.ServerService/Invented")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert {key for key, _ in bench.counts.values()} == before
