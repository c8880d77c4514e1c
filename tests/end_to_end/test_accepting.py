"""Connections that have no session: how many may be there, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
from collections.abc import Iterator

import pytest

from household.v1 import config_service_pb2 as pb
from household.v1 import server_service_pb2 as server_pb
from household.v1 import session_service_pb2 as session_pb
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.websocket_clients import OldPage, client


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with one worker that gives a client three seconds for TLS, and three for what it wants."""
    env = {"HOUSEHOLDD_HANDSHAKE_TIMEOUT": "3"}
    with running(tmp_path_factory.mktemp("daemon"), env=env) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def _as_it_was(impatient: Daemon) -> Iterator[None]:
    yield
    impatient.config.ResetRuntimeConfig(pb.ResetRuntimeConfigRequest(), timeout=10)
    impatient.sessions.ResetBreakers(session_pb.ResetBreakersRequest(all=True), timeout=10)


def limit(daemon: Daemon, name: str, value: int) -> None:
    request = pb.UpdateRuntimeConfigRequest()
    setattr(request.config.limits, name, value)
    request.update_mask.paths.append(f"limits.{name}")
    daemon.config.UpdateRuntimeConfig(request, timeout=10)


def knock(daemon: Daemon, source: str) -> socket.socket:
    """A connection that says nothing."""
    return socket.create_connection(daemon.address, TIMEOUT_S, (source, 0))


def is_closed(sock: socket.socket) -> bool:
    """Whether the server has ended a connection on which it says nothing."""
    sock.settimeout(0.001)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def connections(daemon: Daemon) -> int:
    """Those beyond TLS."""
    (worker,) = daemon.get_server().workers
    return worker.census.connections


def refusals(daemon: Daemon, cause: server_pb.RefusalCause.ValueType) -> int:
    return {each.cause: each.count for each in daemon.get_server().totals.refusals}.get(cause, 0)


async def test_one_address_cannot_fill_the_place_of_others(impatient: Daemon) -> None:
    limit(impatient, "max_unfinished_handshakes_per_address", 4)
    before = refusals(impatient, server_pb.REFUSAL_CAUSE_ADDRESS_UNFINISHED)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(knock(impatient, "127.9.3.1"))
        with contextlib.suppress(ConnectionResetError), knock(impatient, "127.9.3.1") as fifth:
            wait_until(lambda: is_closed(fifth), "the end of the fifth")
        async with client(impatient, "alex", OldPage, source="127.9.3.2") as other:
            await other.payload()
    wait_until(
        lambda: refusals(impatient, server_pb.REFUSAL_CAUSE_ADDRESS_UNFINISHED) == before + 1, "the count of refusals"
    )


async def test_where_all_are_too_many_the_newest_of_who_has_most_goes(impatient: Daemon) -> None:
    limit(impatient, "max_unfinished_handshakes", 4)
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(knock(impatient, "127.9.4.1")) for _ in range(4)]
        async with client(impatient, "alex", OldPage, source="127.9.5.1") as other:
            await other.payload()
        wait_until(lambda: is_closed(silent[3]), "the end of the fourth")
    wait_until(lambda: refusals(impatient, server_pb.REFUSAL_CAUSE_UNFINISHED), "the count of refusals")


async def test_sessions_are_no_handshakes(impatient: Daemon) -> None:
    limit(impatient, "max_unfinished_handshakes_per_address", 1)
    async with client(impatient, "alex", OldPage, source="127.9.8.1") as one:
        await one.opened()
        async with client(impatient, "sarah", OldPage, source="127.9.8.1") as other:
            await other.payload()


def test_who_says_nothing_is_let_go(impatient: Daemon) -> None:
    with (
        knock(impatient, "127.9.6.1") as silent,
        impatient.tls.wrap_socket(knock(impatient, "127.9.6.1"), server_hostname="127.0.0.1") as idle,
    ):
        wait_until(lambda: is_closed(silent), "the end of the one without TLS")
        idle.settimeout(TIMEOUT_S)
        # A reset, or an end without the closing alert of TLS.
        with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
            assert idle.recv(1) == b""
    wait_until(lambda: not connections(impatient), "the end of both")


async def test_without_descriptors_nobody_is_accepted_until_there_are_some(impatient: Daemon) -> None:
    (pid,) = impatient.worker_pids()
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    words = "cannot accept connections"
    try:
        # The worker has more than that open, and goes on having them.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (4, hard))
        with knock(impatient, "127.9.7.1"), knock(impatient, "127.9.7.2"):
            wait_until(lambda: impatient.events(words), "a word of it in the log")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
            async with client(impatient, "alex", OldPage) as alex:
                await alex.payload()
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert [each["problem"] for each in impatient.events(words)] == ["Too many open files"]
    assert impatient.events("accepting connections again")


async def test_who_breaks_off_handshakes_again_and_again_is_not_listened_to_for_a_while(impatient: Daemon) -> None:
    limit(impatient, "breaker_handshakes", 3)
    before = refusals(impatient, server_pb.REFUSAL_CAUSE_BREAKER)
    for _ in range(5):
        # Connections to spare, and port scans: nothing is said on them.
        knock(impatient, "127.9.9.1").close()
    async with client(impatient, "alex", OldPage, source="127.9.9.1") as alex:
        await alex.payload()

    def junk() -> int:
        with contextlib.suppress(ConnectionError), knock(impatient, "127.9.9.2") as sock:
            sock.sendall(b"no TLS at all")
            sock.recv(1)
        return refusals(impatient, server_pb.REFUSAL_CAUSE_BREAKER) - before

    await asyncio.to_thread(wait_until, junk, "the end of all patience")
    with contextlib.suppress(ConnectionError), knock(impatient, "127.9.9.2") as sock:
        assert sock.recv(1) == b""
    async with client(impatient, "alex", OldPage, source="127.9.9.1") as neighbour:
        await neighbour.payload()
    assert [each["whose"] for each in impatient.events("circuit breaker opened")] == ["127.9.9.2"]
