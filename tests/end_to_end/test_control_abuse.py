"""What careless and hostile clients of the control API do, against the real daemon."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import grpc
import h2.events
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from household.v1 import server_service_pb2
from householdd.api.roles import LEAST
from householdd.supervisor.gate.forwarding import PREFACE
from tests.control_messages import METHODS, messages
from tests.daemon import Daemon, running, wait_until
from tests.hostile import Hostile, connected
from tests.scraping import LISTEN, scrape

EVERY_METHOD: tuple[MethodDescriptor, ...] = (
    *METHODS,
    *cast("Sequence[MethodDescriptor]", health_pb2.DESCRIPTOR.services_by_name["Health"].methods),
    *cast("Sequence[MethodDescriptor]", reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].methods),
)
ANSWERS = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    # Of a stream that goes on, by the deadline of this test.
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
QUICK = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
IDLE = 2000


@pytest.fixture(scope="module")
def one_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("daemon"), *LISTEN) as daemon:
        daemon.get_server()
        yield daemon


@pytest.fixture
def daemon(one_daemon: Daemon) -> Iterator[Daemon]:
    """Afterwards it answers, holds what it held before, and its log knows of no defect."""
    before, said = descriptors(one_daemon), one_daemon.log.stat().st_size
    tasks_before = tasks(one_daemon)
    yield one_daemon
    assert one_daemon.get_server().version
    wait_until(lambda: descriptors(one_daemon) <= before, f"no more than {before} open files", 60)
    wait_until(lambda: tasks(one_daemon) <= tasks_before, f"no more than {tasks_before} tasks", 60)
    defects = [line for line in one_daemon.log.read_text()[said:].splitlines() if "Traceback" in line]
    assert not defects, defects[0][-1000:]


def descriptors(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def tasks(daemon: Daemon) -> float:
    """Of the supervisor, where every RPC and every connection has one."""
    return scrape(daemon).total("householdd_supervisor_tasks")


def full_name(method: MethodDescriptor) -> str:
    return f"{cast('Any', method.containing_service).full_name}/{method.name}"


def call(channel: grpc.Channel, method: MethodDescriptor, data: bytes) -> grpc.StatusCode:
    """Sends ``data`` as the request; the answer's code."""
    path = f"/{full_name(method)}"
    # Of a stream that goes on there is no more to see than that it was begun.
    deadline = 10 if not method.server_streaming or method.client_streaming else 0.05
    made: Any
    try:
        if method.client_streaming:
            made = channel.stream_stream(path)
            list(made(iter((data,)), timeout=deadline))
        elif method.server_streaming:
            made = channel.unary_stream(path)
            list(made(data, timeout=deadline))
        else:
            made = channel.unary_unary(path)
            made(data, timeout=deadline)
    except grpc.RpcError as error:
        return cast("grpc.Call", error).code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("method", EVERY_METHOD, ids=lambda method: method.name)
def test_any_message_is_answered(daemon: Daemon, method: MethodDescriptor) -> None:
    request = messages(method.input_type)
    # The library describes Health/List and does not serve it.
    allowed = {grpc.StatusCode.UNIMPLEMENTED, *ANSWERS} if method.name == "List" else ANSWERS

    @QUICK
    @given(st.one_of(request.map(lambda message: message.SerializeToString()), st.binary(max_size=200)))
    def probe(data: bytes) -> None:
        if method.name == "ShutdownServer":
            # Without a reason, which is refused; with one it would do its work.
            data = server_service_pb2.ShutdownServerRequest(request_id="x").SerializeToString() + data
            try:
                if server_service_pb2.ShutdownServerRequest.FromString(data).reason.strip():
                    return
            except Exception:  # noqa: BLE001 - then it is no message, which is what is wanted
                data = data[:200]
        assert call(channel, method, data) in allowed

    with grpc.insecure_channel(f"unix:{daemon.control_socket}") as channel:
        probe()


def test_no_method_is_left_out() -> None:
    assert {full_name(method) for method in EVERY_METHOD} == set(LEAST)


def test_bytes_that_are_no_frames(daemon: Daemon) -> None:
    @QUICK
    @given(st.binary(max_size=400), st.booleans())
    def probe(data: bytes, begins_well: bool) -> None:
        with connected(daemon.control_socket) as sock:
            try:
                sock.sendall((PREFACE if begins_well else b"") + data)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass

    probe()


def test_streams_that_are_reset_as_soon_as_they_begin(daemon: Daemon) -> None:
    with Hostile(daemon.control_socket) as client:
        for _ in range(50):
            if not client.reset_streams(100):
                break
            assert daemon.get_server().version


def test_streams_that_begin_and_say_nothing(daemon: Daemon) -> None:
    with Hostile(daemon.control_socket) as client:
        # As many as the server says it allows on a connection.
        for index in range(client.h2.remote_settings.max_concurrent_streams):
            client.headers(2 * index + 1)
        client.flush()
        assert client.h2.remote_settings.max_concurrent_streams == 100
        assert daemon.get_server().version


def test_headers_that_are_too_large(daemon: Daemon) -> None:
    with Hostile(daemon.control_socket) as client:
        client.headers(1, *((f"x-{index}", "y" * 2000) for index in range(30)))
        client.flush()
        assert daemon.get_server().version
        while not (answers := [event for event in client.events if isinstance(event, h2.events.ResponseReceived)]):
            assert client.receive(), "the server ended the connection"
        (answer,) = answers
        assert dict(answer.headers or ())[b"grpc-status"] == str(grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]).encode()


def test_a_flood_of_pings_and_settings(daemon: Daemon) -> None:
    with Hostile(daemon.control_socket) as client:
        client.flood(2000)
        # Answers wait in the socket; the end comes behind them.
        deadline = time.monotonic() + 30
        while client.receive():
            assert time.monotonic() < deadline


def test_thousands_of_idle_connections(daemon: Daemon) -> None:
    before = memory(daemon)
    idle: list[socket.socket] = []
    try:
        for _ in range(IDLE):
            sock = connected(daemon.control_socket)
            idle.append(sock)
            sock.sendall(PREFACE + b"\0\0\0\x04\0\0\0\0\0")
        for sock in idle:
            # The server's SETTINGS: each one is really served.
            assert sock.recv(9)[3] == 4
        assert daemon.ctl("health").returncode in {0, 8}
        per_connection = (memory(daemon) - before) / IDLE
        assert per_connection < 256 * 1024
    finally:
        for sock in idle:
            sock.close()


def memory(daemon: Daemon) -> int:
    pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
