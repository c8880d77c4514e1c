from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import h2.connection
import pytest

from household.v1 import server_service_pb2, session_service_pb2, session_service_pb2_grpc
from householdd.api.call_limits import CallLimits
from householdd.api.roles import Grants, Role, Rules
from householdd.supervisor.gate.forwarding import PREFACE
from tests.supervisor.plane import Plane, plane, until

LIST = session_service_pb2.ListSessionsRequest()
KILL = session_service_pb2.KillSessionsRequest(all=True, reason="test")
WATCH = session_service_pb2.WatchSessionsRequest()
SERVER = server_service_pb2.GetServerRequest()
ME = os.getuid()


def rules(role: Role) -> Rules:
    return Rules({role: Grants(uids=frozenset({ME}))})


@pytest.fixture
async def viewers(tmp_path: Path) -> AsyncIterator[Plane]:
    async with plane(tmp_path, rules(Role.VIEWER)) as made:
        yield made


async def refusal(call: Awaitable[object]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


async def test_a_caller_is_known_by_what_the_kernel_says(viewers: Plane) -> None:
    async with viewers.stubs() as (sessions, _):
        answer = await sessions.ListSessions(LIST)
        assert answer.next_page_token == f"unix, pid {os.getpid()}"
        # Nothing that a client sends counts.
        names = [("x-householdd-peer", "householdd-0"), ("user-agent", "root"), ("authorization", "root")]
        error = await refusal(sessions.KillSessions(KILL, metadata=names))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "needs the role operator; " in (error.details() or "")
    assert (error.details() or "").endswith(" has the role viewer")


async def test_rules_hold_from_the_next_call_on(viewers: Plane) -> None:
    async with viewers.stubs() as (sessions, _):
        await refusal(sessions.KillSessions(KILL))
        viewers.rules = rules(Role.OPERATOR)
        assert len((await sessions.KillSessions(KILL)).results) == 3
        viewers.rules = Rules()
        error = await refusal(sessions.ListSessions(LIST))
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        assert (error.details() or "").endswith(" has no role")


async def test_one_connection_cannot_take_the_name_of_another(viewers: Plane) -> None:
    async with viewers.stubs() as (sessions, _):
        await sessions.ListSessions(LIST)
        (name,) = viewers.connections._open
        # Even a process that could enter the private directory: the name is taken as long as it means somebody.
        with socket.socket(socket.AF_UNIX) as thief, pytest.raises(OSError, match="in use"):
            thief.bind(f"\0{name}")
    # And it means nobody afterwards.
    await until(lambda: not len(viewers.connections))
    assert viewers.connections.of_peer(f"unix-abstract:{name}") is None


async def test_a_connection_of_the_same_process_has_a_name_of_its_own(viewers: Plane) -> None:
    async with viewers.stubs() as (first, _), viewers.stubs() as (second, _):
        await asyncio.gather(first.ListSessions(LIST), second.ListSessions(LIST))
        assert len(viewers.connections) == 2


async def test_what_is_no_http2_is_cut_off_at_the_gate(viewers: Plane) -> None:
    for first in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", PREFACE[:-1] + b"x", os.urandom(1 << 16)):
        reader, writer = await asyncio.open_unix_connection(viewers.public)
        writer.write(first)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
    assert len(viewers.connections) == 0


async def test_a_beginning_in_pieces_is_a_beginning(viewers: Plane) -> None:
    reader, writer = await asyncio.open_unix_connection(viewers.public)
    settings = b"\0\0\0\x04\0\0\0\0\0"
    for byte in PREFACE + settings:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        # The server's SETTINGS frame: length, then the type 4.
        assert (await reader.readexactly(9))[3] == 4
    writer.close()
    await writer.wait_closed()


async def test_who_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    async with plane(tmp_path, rules(Role.ADMIN), CallLimits(first_bytes=0.1)) as made:
        reader, writer = await asyncio.open_unix_connection(made.public)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_without_rpcs_is_closed(tmp_path: Path) -> None:
    async with plane(tmp_path, rules(Role.VIEWER), CallLimits(idle=1)) as made, made.channel() as channel:
        sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        reader, writer = await asyncio.open_unix_connection(made.public)
        writer.write(PREFACE + b"\0\0\0\x04\0\0\0\0\0")
        await sessions.ListSessions(LIST)
        assert len(made.connections) == 2
        await until(lambda: not len(made.connections))
        # GOAWAY came before the end.
        assert b"connection idle" in await reader.read()
        writer.close()
        # The library connects again, once it has seen the end.
        await until(lambda: channel.get_state() is not grpc.ChannelConnectivity.READY)
        await sessions.ListSessions(LIST)


async def test_a_client_that_went_with_an_rpc_open_is_found_out(tmp_path: Path) -> None:
    # Long enough for the one that answers, on a busy machine too.
    limits = CallLimits(keepalive=0.2, keepalive_timeout=2)
    async with plane(tmp_path, rules(Role.VIEWER), limits) as made, made.stubs() as (sessions, _):
        watch = sessions.WatchSessions(WATCH)
        await watch.read()
        reader, writer = await asyncio.open_unix_connection(made.public)
        client = h2.connection.H2Connection()
        client.initiate_connection()
        path = (":path", "/household.v1.SessionService/WatchSessions")
        kind = ("content-type", "application/grpc")
        client.send_headers(
            1, [(":method", "POST"), (":scheme", "http"), (":authority", "x"), path, kind, ("te", "trailers")]
        )
        client.send_data(1, bytes(5), end_stream=True)
        writer.write(client.data_to_send())
        await until(lambda: sum(each.rpcs for each in made.connections._open.values()) == 2)
        # It answers no ping from here on.
        async with asyncio.timeout(20):
            await reader.read()
        writer.close()
        await until(lambda: len(made.connections) == 1)
        assert sum(each.rpcs for each in made.connections._open.values()) == 1
        assert not watch.done()


async def test_an_rpc_without_its_request_is_not_waited_for(tmp_path: Path) -> None:
    async with (
        plane(tmp_path, rules(Role.ADMIN), CallLimits(first_bytes=0.1)) as made,
        grpc.aio.insecure_channel(f"unix:{made.public}") as channel,
    ):
        method: Any = channel.stream_unary("/household.v1.SessionService/ListSessions")
        error = await refusal(method())
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert error.details() == "no request within 0.1 s after the RPC began"
        ended = method()
        await ended.done_writing()
        assert (await refusal(ended)).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_corrupt_request_is_the_callers_mistake(
    viewers: Plane, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with grpc.aio.insecure_channel(f"unix:{viewers.public}") as channel:
        service = "/household.v1.SessionService"
        listing: Any = channel.unary_unary(f"{service}/ListSessions")
        watching: Any = channel.unary_stream(f"{service}/WatchSessions")
        unknown: Any = channel.unary_unary(f"{service}/Nonsense")
        for call in (listing(b"\x0a\xff\xff\xff"), watching(b"\x0a\xff\xff\xff").read()):
            error = await refusal(call)
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert error.details() == "the request of 4 bytes is not a message of its type"
        assert (await refusal(listing(bytes(70_000)))).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await refusal(unknown(b""))).code() is grpc.StatusCode.UNIMPLEMENTED
    assert "Traceback" not in capsys.readouterr().err
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_defect_has_an_incident_that_the_log_knows(viewers: Plane, capsys: pytest.CaptureFixture[str]) -> None:
    async with viewers.stubs() as (sessions, _):
        error = await refusal(sessions.ListSessions(session_service_pb2.ListSessionsRequest(filter="defect")))
    assert error.code() is grpc.StatusCode.INTERNAL
    details = error.details() or ""
    assert "own words" not in details
    assert details.split()[-1] in capsys.readouterr().out


async def test_limits_are_named_and_places_given_back(tmp_path: Path) -> None:
    limits = CallLimits(rpcs=3, rpcs_per_connection=2, streams=1, reserve=0)
    async with plane(tmp_path, rules(Role.VIEWER), limits) as made, made.stubs() as (sessions, _):
        watch = sessions.WatchSessions(WATCH)
        await watch.read()
        async with made.stubs() as (others, other_server):
            error = await refusal(others.WatchSessions(WATCH).read())
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "limit streams: 1 " in (error.details() or "")
            made.server.may_answer.clear()
            waiting = [other_server.GetServer(SERVER) for _ in range(2)]
            await until(lambda: made.server.asked >= 2)
            error = await refusal(sessions.ListSessions(LIST))
            assert "limit rpcs: 3 " in (error.details() or "")
            made.server.may_answer.set()
            await asyncio.gather(*waiting)
        watch.cancel()
        await until(lambda: not sum(each.rpcs for each in made.connections._open.values()))
        await sessions.WatchSessions(WATCH).read()


async def test_an_admin_gets_in_where_others_do_not(tmp_path: Path) -> None:
    limits = CallLimits(rpcs=1, connections=1, reserve=1)
    async with plane(tmp_path, rules(Role.OPERATOR), limits) as made, made.stubs() as (sessions, server):
        made.server.may_answer.clear()
        waiting = server.GetServer(SERVER)
        await until(lambda: made.server.asked >= 1)
        assert "limit rpcs" in ((await refusal(sessions.ListSessions(LIST))).details() or "")
        async with made.stubs() as (others, _):
            assert (await refusal(others.ListSessions(LIST))).code() is grpc.StatusCode.UNAVAILABLE
        made.rules = rules(Role.ADMIN)
        async with made.stubs() as (_, others_server):
            await others_server.ShutdownServer(server_service_pb2.ShutdownServerRequest())
        made.server.may_answer.set()
        await waiting
