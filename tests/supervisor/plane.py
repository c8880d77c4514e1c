"""A control plane in the test's own process: real gate, real gRPC server, services that do next to nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from household.v1 import (
    config_service_pb2_grpc,
    server_service_pb2,
    server_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from householdd.api.access import AccessControl
from householdd.api.audit import Audit
from householdd.api.call_limits import CallLimits
from householdd.api.callers import CALLER, Connections
from householdd.api.roles import Rules
from householdd.api.server import ControlServer, Services
from householdd.supervisor.gate import control_socket
from householdd.supervisor.gate.gate import Gate


class Sessions(session_service_pb2_grpc.SessionServiceServicer):
    """Answers with who called."""

    async def ListSessions(
        self, request: session_service_pb2.ListSessionsRequest, _: object
    ) -> session_service_pb2.ListSessionsResponse:
        if request.filter == "defect":
            raise ZeroDivisionError("the handler's own words")
        return session_service_pb2.ListSessionsResponse(next_page_token=CALLER.get().via)

    async def WatchSessions(
        self, _request: object, _: object
    ) -> AsyncIterator[session_service_pb2.WatchSessionsResponse]:
        while True:
            yield session_service_pb2.WatchSessionsResponse(sequence=1)
            await asyncio.Event().wait()

    async def KillSessions(self, _request: object, _: object) -> session_service_pb2.KillSessionsResponse:
        results = [session_service_pb2.KillResult(outcome=outcome) for outcome in (1, 1, 2)]  # type: ignore[arg-type]
        return session_service_pb2.KillSessionsResponse(results=results)


class Server(server_service_pb2_grpc.ServerServiceServicer):
    """Waits with its answer until it may give it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = 0

    async def GetServer(self, _request: object, _: object) -> server_service_pb2.GetServerResponse:
        self.asked += 1
        await self.may_answer.wait()
        return server_service_pb2.GetServerResponse()

    async def ShutdownServer(self, _request: object, _: object) -> server_service_pb2.ShutdownServerResponse:
        return server_service_pb2.ShutdownServerResponse()


class Plane:
    """What a test sees of it."""

    def __init__(self, directory: Path, rules: Rules, limits: CallLimits) -> None:
        self.public = directory / "control.sock"
        self.private = directory / "daemon.sock"
        self.rules = rules
        self.connections = Connections()
        self.server = Server()  # type: ignore[abstract]  # tests call what it has
        self.control = ControlServer(
            Services(
                Sessions(),  # type: ignore[abstract]
                self.server,
                config_service_pb2_grpc.ConfigServiceServicer(),  # type: ignore[abstract]
            ),
            self.private,
            AccessControl(self.connections, lambda: self.rules, limits, Audit()),
            limits,
        )
        self.gate = Gate(self.private, self.connections, lambda: self.rules, limits)

    def channel(self) -> grpc.aio.Channel:
        """Return a channel with a connection of its own."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        return grpc.aio.insecure_channel(f"unix:{self.public}", options=options)

    @contextlib.asynccontextmanager
    async def stubs(self) -> AsyncIterator[tuple[Any, Any]]:
        """SessionService and ServerService on a connection of their own."""
        async with self.channel() as channel:
            yield (
                session_service_pb2_grpc.SessionServiceStub(channel),
                server_service_pb2_grpc.ServerServiceStub(channel),
            )


@contextlib.asynccontextmanager
async def plane(directory: Path, rules: Rules, limits: CallLimits | None = None) -> AsyncIterator[Plane]:
    """A plane for the length of a block."""
    made = Plane(directory, rules, limits or CallLimits())
    await made.control.start()
    with control_socket.listen(made.public, 0o600, None) as sock:
        async with made.gate.accepting(sock):
            try:
                yield made
            finally:
                await made.control.stop(0)
                await made.gate.stop()


async def until(condition: Callable[[], object]) -> None:
    """Returns once ``condition`` holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
