"""Changes that operators make: checked first, repeated, spread, watched, taken back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from websockets.exceptions import InvalidStatus

from household.v1 import server_service_pb2
from household.v1 import session_service_pb2 as pb
from householdd.api.convert import duration
from tests.daemon import Daemon, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.websocket_clients import OldPage, client

ID = "6f1e7a52-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def _as_it_was(pair: Daemon) -> Iterator[None]:
    yield
    pair.sessions.UnblockAddresses(pb.UnblockAddressesRequest(all=True), timeout=10)
    with contextlib.suppress(grpc.RpcError):
        pair.server.ResumeServer(server_service_pb2.ResumeServerRequest(), timeout=10)


async def kill(daemon: Daemon, **fields: Any) -> pb.KillSessionsResponse:
    request = pb.KillSessionsRequest(**{"all": True, "reason": "abuse", **fields})
    response: pb.KillSessionsResponse = await asyncio.to_thread(daemon.sessions.KillSessions, request, timeout=10)
    return response


async def drain(daemon: Daemon, **fields: Any) -> server_service_pb2.Server:
    request = server_service_pb2.DrainServerRequest(**{"reason": "new kernel", **fields})
    response = await asyncio.to_thread(daemon.server.DrainServer, request, timeout=10)
    server: server_service_pb2.Server = response.server
    return server


async def refusal(daemon: Daemon) -> InvalidStatus:
    """What a client is told that wants to open a session."""
    with pytest.raises(InvalidStatus) as refused:
        async with client(daemon, "alex_again", OldPage):
            pass
    return refused.value


def outcomes(response: pb.KillSessionsResponse) -> list[str]:
    return [pb.KillOutcome.Name(result.outcome).removeprefix("KILL_OUTCOME_") for result in response.results]


def blocks(daemon: Daemon) -> list[str]:
    return [block.address for block in daemon.sessions.ListBlocks(pb.ListBlocksRequest(), timeout=10).blocks]


async def test_a_kill_keeps_the_address_out_at_every_worker_until_it_is_unblocked(pair: Daemon) -> None:
    async with open_sessions(pair, 3) as clients:
        killed = await kill(pair, block_address=duration(600))
        assert outcomes(killed) == ["KILLED"] * 3
        assert {result.peer_address.rpartition(":")[0] for result in killed.results} == {"127.0.0.1"}
        assert [(block.address, block.reason) for block in killed.blocks] == [("127.0.0.1", "abuse")]
        await asyncio.gather(*(each.connection.wait_closed() for each in clients))
    # Enough that both workers are asked.
    for refused in await asyncio.gather(*(refusal(pair) for _ in range(12))):
        assert refused.response.status_code == 403
        assert 590 < int(refused.response.headers["Retry-After"]) <= 600
        assert (refused.response.body or b"").startswith(b"Blocked by the operator: abuse. Try again in ")
    assert blocks(pair) == ["127.0.0.1"]
    request = pb.UnblockAddressesRequest(addresses=["127.0.0.1", "192.0.2.7"])
    removed = pair.sessions.UnblockAddresses(request, timeout=10)
    assert [block.address for block in removed.blocks] == ["127.0.0.1"]
    assert list(removed.not_blocked) == ["192.0.2.7"]
    async with open_sessions(pair, 6):
        assert blocks(pair) == []


async def test_an_address_inside_a_wider_block_is_told_of_it(pair: Daemon) -> None:
    block = pb.BlockAddressesRequest(
        addresses=["198.51.100.7", "198.51.100.0/24"], duration=duration(600), reason="abuse"
    )
    pair.sessions.BlockAddresses(block, timeout=10)
    for validate_only in (True, False):
        request = pb.UnblockAddressesRequest(
            addresses=["198.51.100.7", "198.51.100.8", "192.0.2.7"], validate_only=validate_only
        )
        removed = pair.sessions.UnblockAddresses(request, timeout=10)
        assert [each.address for each in removed.blocks] == ["198.51.100.7"]
        assert list(removed.not_blocked) == ["198.51.100.8", "192.0.2.7"]
        assert [(each.address, each.block.address, each.block.reason) for each in removed.still_blocked] == [
            ("198.51.100.7", "198.51.100.0/24", "abuse"),
            ("198.51.100.8", "198.51.100.0/24", "abuse"),
        ]
    together = pb.UnblockAddressesRequest(addresses=["198.51.100.8", "198.51.100.0/24"])
    assert not pair.sessions.UnblockAddresses(together, timeout=10).still_blocked


async def test_a_kill_is_tried_out_first(pair: Daemon) -> None:
    async with open_sessions(pair, 3) as clients:
        told = await kill(pair, validate_only=True, block_address=duration(600))
        assert outcomes(told) == ["KILLED"] * 3
        assert [block.address for block in told.blocks] == ["127.0.0.1"]
        assert blocks(pair) == []
        assert pair.get_server().sessions == 3
        assert all(each.connection.close_code is None for each in clients)


async def test_a_kill_is_spread_over_the_time_asked_for(pair: Daemon) -> None:
    ends: list[float] = []

    async def note_end(each: OldPage) -> None:
        await each.connection.wait_closed()
        ends.append(time.monotonic())

    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(pair, f"alex_{index}", OldPage)) for index in range(8)]
        noting = [asyncio.create_task(note_end(each)) for each in clients]
        killed = await kill(pair, spread=duration(2))
        assert outcomes(killed) == ["SCHEDULED"] * 8
        await asyncio.wait_for(asyncio.gather(*noting), 15)
        assert {each.connection.close_reason for each in clients} == {"closed by the operator: abuse"}
    # Wherever the kernel put the sessions, some worker has four of them: the last is due after 1.5 s.
    assert max(ends) - min(ends) > 1


async def test_a_repeated_drain_is_not_begun_again(pair: Daemon) -> None:
    first = await drain(pair, request_id=ID)
    assert first.state == server_service_pb2.SERVER_STATE_DRAINING
    pair.server.ResumeServer(server_service_pb2.ResumeServerRequest(), timeout=10)
    assert await drain(pair, request_id=ID) == first
    assert pair.get_server().state == server_service_pb2.SERVER_STATE_SERVING


async def test_checks_change_nothing(pair: Daemon) -> None:
    await drain(pair, validate_only=True)
    assert pair.get_server().state == server_service_pb2.SERVER_STATE_SERVING
    async with open_sessions(pair, 3):
        request = server_service_pb2.ShutdownServerRequest(reason="fire", validate_only=True)
        response = await asyncio.to_thread(pair.server.ShutdownServer, request, timeout=10)
        assert response.sessions_closed == 3
        assert pair.get_server().sessions == 3
    await drain(pair)
    pair.server.ResumeServer(server_service_pb2.ResumeServerRequest(validate_only=True), timeout=10)
    assert pair.get_server().state == server_service_pb2.SERVER_STATE_DRAINING


async def test_a_drain_is_watched_until_it_is_empty_and_tells_clients_when_to_come_back(pair: Daemon) -> None:
    async with open_sessions(pair, 3) as clients:
        await drain(pair, deadline=duration(120))
        refused = await refusal(pair)
        assert refused.response.status_code == 503
        assert 100 < int(refused.response.headers["Retry-After"]) <= 120
        messages: list[server_service_pb2.WatchDrainResponse] = []
        watch = asyncio.create_task(asyncio.to_thread(lambda: messages.extend(watch_drain(pair))))
        await asyncio.to_thread(wait_until, lambda: messages, "the first message")
        await clients[0].connection.close()
        await asyncio.to_thread(wait_until, lambda: pair.get_server().sessions == 2, "the first end")
    await asyncio.wait_for(watch, 20)
    left = [message.sessions for message in messages]
    assert left == sorted(left, reverse=True)
    assert (left[0], left[-1]) == (3, 0)
    assert messages[0].reason == "new kernel"
    assert 100 < messages[0].left.seconds <= 120
    # Empty long before its deadline.
    assert messages[-1].left.seconds > 60


async def test_a_drain_spreads_its_end_before_the_deadline(pair: Daemon) -> None:
    async with open_sessions(pair, 8) as clients:
        await drain(pair, deadline=duration(4), spread=duration(4))
        await asyncio.wait_for(asyncio.wait([_closed(each) for each in clients], return_when="FIRST_COMPLETED"), 15)
        first = time.monotonic()
        await asyncio.wait_for(asyncio.gather(*(each.connection.wait_closed() for each in clients)), 20)
        assert time.monotonic() - first > 1
        assert {each.connection.close_reason for each in clients} == {
            "the server is going down for maintenance: new kernel"
        }


def _closed(each: Any) -> asyncio.Task[None]:
    return asyncio.create_task(each.connection.wait_closed())


async def test_a_drain_that_is_ended_spares_whom_it_was_about_to_close(pair: Daemon) -> None:
    async with open_sessions(pair, 3) as clients:
        await drain(pair, deadline=duration(60), spread=duration(60))
        messages = watch_drain(pair)
        # Seen to be under way before the drain is ended.
        await asyncio.to_thread(next, messages)
        watch = asyncio.create_task(asyncio.to_thread(list, messages))
        # Each worker closes its first session at once, the next at least 20 s later.
        await asyncio.to_thread(wait_until, lambda: pair.get_server().sessions <= 2, "the first end")
        await asyncio.to_thread(pair.server.ResumeServer, server_service_pb2.ResumeServerRequest(), timeout=10)
        assert (await asyncio.wait_for(watch, 20))[-1].state == server_service_pb2.SERVER_STATE_SERVING
        live = [each for each in clients if each.connection.close_code is None]
        for each in live:
            await each.payload()
        with pytest.raises(grpc.RpcError, match="not draining"):
            list(watch_drain(pair))


def watch_drain(daemon: Daemon) -> Iterator[server_service_pb2.WatchDrainResponse]:
    request = server_service_pb2.WatchDrainRequest()
    messages: Iterator[server_service_pb2.WatchDrainResponse] = daemon.server.WatchDrain(request, timeout=60)
    return messages


@pytest.mark.parametrize(
    ("method", "request_", "words"),
    [
        ("KillSessions", {"spread": duration(601)}, "spread: 601 s is out of range; allowed is 0 to 600 s"),
        (
            "KillSessions",
            {"block_address": duration(0)},
            "block_address: 0 s is out of range; allowed is 1 to 86400 s",
        ),
        ("KillSessions", {"request_id": "7"}, "request_id: '7' is not a UUID"),
        (
            "DrainServer",
            {"deadline": duration(5), "spread": duration(6)},
            "spread: 6 s is longer than the deadline 5 s",
        ),
        ("DrainServer", {"spread": duration(-1)}, "spread: -1 s is out of range; allowed is 0 to 600 s"),
        ("ResumeServer", {"reason": "x" * 201}, "reason: at most 200 characters are allowed, not 201"),
        ("BlockAddresses", {"duration": duration(60)}, "addresses: 1 to 1000 addresses are allowed, not 0"),
        ("BlockAddresses", {"addresses": ["192.0.2.7"]}, "duration: 0 s is out of range; allowed is 1 to 86400 s"),
        (
            "BlockAddresses",
            {"addresses": ["192.0.2.7", "here"], "duration": duration(60)},
            "addresses[1]: 'here' is no address such as 192.0.2.7 or 2001:db8:0:7::/64",
        ),
        ("UnblockAddresses", {}, "addresses: give either addresses or all"),
        ("UnblockAddresses", {"addresses": ["192.0.2.7"], "all": True}, "addresses: give either addresses or all"),
    ],
)
def test_what_is_out_of_range_is_named_and_changes_nothing(
    pair: Daemon, method: str, request_: dict[str, Any], words: str
) -> None:
    kinds: dict[str, tuple[Any, Any]] = {
        "KillSessions": (pair.sessions.KillSessions, lambda **fields: pb.KillSessionsRequest(all=True, **fields)),
        "DrainServer": (pair.server.DrainServer, server_service_pb2.DrainServerRequest),
        "ResumeServer": (pair.server.ResumeServer, server_service_pb2.ResumeServerRequest),
        "BlockAddresses": (pair.sessions.BlockAddresses, pb.BlockAddressesRequest),
        "UnblockAddresses": (pair.sessions.UnblockAddresses, pb.UnblockAddressesRequest),
    }
    call, kind = kinds[method]
    with pytest.raises(grpc.RpcError) as refused:
        call(kind(**{"reason": "r", **request_}), timeout=10)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == words
    assert pair.get_server().state == server_service_pb2.SERVER_STATE_SERVING


async def test_a_worker_that_comes_up_later_keeps_out_whom_the_others_do(pair: Daemon) -> None:
    request = pb.BlockAddressesRequest(addresses=["127.0.0.1"], duration=duration(600), reason="abuse")
    pair.sessions.BlockAddresses(request, timeout=10)
    for pid in pair.worker_pids():
        os.kill(pid, signal.SIGKILL)
    # They wait in the queue of the listening socket and are the first whom the new workers see.
    assert {told.response.status_code for told in await asyncio.gather(*(refusal(pair) for _ in range(12)))} == {403}
