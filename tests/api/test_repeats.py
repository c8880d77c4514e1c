"""A real gRPC server whose one service counts what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message

from household.v1 import server_service_pb2 as pb
from household.v1 import server_service_pb2_grpc
from householdd.api import repeats
from householdd.api.errors import precondition
from householdd.api.interceptor import CallInterceptor, everybody
from householdd.api.repeats import Repeats

ID = "6f1e7a52-0000-4000-8000-000000000001"


class Counting:
    def __init__(self) -> None:
        self.drains = 0
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse = False

    async def drain(self, _request: pb.DrainServerRequest, _: Any) -> pb.DrainServerResponse:
        self.drains += 1
        self.begun.set()
        await self.gate.wait()
        if self.refuse:
            raise precondition("BUSY", "not now")
        return pb.DrainServerResponse(server=pb.Server(sessions=self.drains))

    async def resume(self, _request: pb.ResumeServerRequest, _: Any) -> pb.ResumeServerResponse:
        return pb.ResumeServerResponse()

    def handler(self) -> grpc.GenericRpcHandler:
        methods: dict[str, tuple[Any, Any]] = {
            "DrainServer": (self.drain, pb.DrainServerRequest),
            "ResumeServer": (self.resume, pb.ResumeServerRequest),
        }
        return grpc.method_handlers_generic_handler(
            "household.v1.ServerService",
            {
                name: grpc.unary_unary_rpc_method_handler(behavior, kind.FromString, _serialized)
                for name, (behavior, kind) in methods.items()
            },
        )


def _serialized(answer: Message) -> bytes:
    return answer.SerializeToString()


class Bench:
    def __init__(self, stub: Any, service: Counting) -> None:
        self.stub = stub
        self.service = service
        self.now = 0.0

    async def drain(self, reason: str = "r", request_id: str = ID, **fields: Any) -> int:
        request = pb.DrainServerRequest(reason=reason, request_id=request_id, **fields)
        sessions: int = (await self.stub.DrainServer(request, timeout=10)).server.sessions
        return sessions


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    service = Counting()
    address = f"unix:{tmp_path / 's'}"
    made = Bench(None, service)
    server = grpc.aio.server(interceptors=[CallInterceptor(everybody, 10), Repeats(lambda: made.now)])
    server.add_generic_rpc_handlers((service.handler(),))
    server.add_insecure_port(address)
    await server.start()
    async with grpc.aio.insecure_channel(address) as channel:
        made.stub = server_service_pb2_grpc.ServerServiceStub(channel)
        yield made
    await server.stop(None)


async def test_a_repeated_change_gets_the_first_answer_and_is_not_done_again(bench: Bench) -> None:
    assert [await bench.drain() for _ in range(3)] == [1, 1, 1]
    assert await bench.drain(request_id=ID.upper().replace("-", "")) == 1
    assert bench.service.drains == 1
    assert await bench.drain(request_id=ID[:-1] + "2") == 2


async def test_requests_without_an_id_are_each_done(bench: Bench) -> None:
    assert [await bench.drain(request_id="") for _ in range(2)] == [1, 2]


async def test_a_repeat_that_comes_while_the_first_is_under_way_waits_for_it(bench: Bench) -> None:
    bench.service.gate.clear()
    first, second = asyncio.create_task(bench.drain()), asyncio.create_task(bench.drain())
    await bench.service.begun.wait()
    bench.service.gate.set()
    assert [await first, await second] == [1, 1]


async def test_whoever_hung_up_can_ask_what_came_of_it(bench: Bench) -> None:
    bench.service.gate.clear()
    hasty = asyncio.create_task(bench.drain())
    await bench.service.begun.wait()
    hasty.cancel()
    await asyncio.gather(hasty, return_exceptions=True)
    again = asyncio.create_task(bench.drain())
    bench.service.gate.set()
    assert await again == 1


@pytest.mark.parametrize("other", ["reason", "method"])
async def test_an_id_stands_for_one_request(bench: Bench, other: str) -> None:
    await bench.drain()
    bench.now = 12.0
    resume = pb.ResumeServerRequest(request_id=ID)
    call = bench.drain(reason="another") if other == "reason" else bench.stub.ResumeServer(resume, timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == (
        "request_id: was used 12 s ago for another request, DrainServer; take a new UUID"
    )


async def test_what_is_no_uuid_is_refused(bench: Bench) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await bench.drain(request_id="seven")
    assert refused.value.details() == "request_id: 'seven' is not a UUID"
    assert bench.service.drains == 0


async def test_a_check_does_not_use_up_the_id(bench: Bench) -> None:
    assert [await bench.drain(validate_only=True) for _ in range(2)] == [1, 2]
    assert await bench.drain() == 3


async def test_a_refused_change_can_be_tried_again(bench: Bench) -> None:
    bench.service.refuse = True
    with pytest.raises(grpc.aio.AioRpcError, match="not now"):
        await bench.drain()
    bench.service.refuse = False
    assert await bench.drain() == 2


async def test_answers_are_forgotten_by_age(bench: Bench) -> None:
    assert await bench.drain() == 1
    bench.now = repeats.MAX_AGE_S - 1
    assert await bench.drain() == 1
    bench.now = repeats.MAX_AGE_S
    assert await bench.drain() == 2


@pytest.mark.parametrize(("limit", "value"), [("MAX_COUNT", 3), ("MAX_BYTES", 12)])
async def test_the_oldest_answers_are_forgotten_when_they_are_too_many(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    # Each answer has four bytes.
    monkeypatch.setattr(repeats, limit, value)
    ids = [f"{ID[:-1]}{digit}" for digit in range(4)]
    assert [await bench.drain(request_id=each) for each in ids] == [1, 2, 3, 4]
    assert await bench.drain(request_id=ids[3]) == 4
    assert await bench.drain(request_id=ids[0]) == 5
