"""A page's connection to the control API, through the gate: role, limits, audit and repeats apply as to any client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from pathlib import Path

import grpc.aio

from household.v1 import server_service_pb2_grpc, session_service_pb2_grpc
from householdd.api.callers import Caller
from householdd.supervisor.dashboard import serialize
from householdd.supervisor.dashboard.orders import Change, DrainOrder, KillOrder
from householdd.supervisor.gate.forwarding import ClientEnd
from householdd.supervisor.gate.gate import Gate

CALL_TIMEOUT_S = 10.0
"""Seconds for one change."""

_numbers = itertools.count()


class ApiClient:
    """Carries out the orders of one page as ``caller``.

    Its socket is in the private directory, which only the daemon's user can enter, until the page closes.
    """

    def __init__(self, gate: Gate, private: Path, caller: Caller) -> None:
        self._gate = gate
        self._caller = caller
        self._path = private / f"d-{next(_numbers):x}.sock"
        self._server: asyncio.Server | None = None
        self._channel: grpc.aio.Channel | None = None

    async def carry_out(self, change: Change) -> serialize.Shown:
        """Make the change and return its outcome. Raise grpc.aio.AioRpcError."""
        channel = self._channel or await self._connect()
        if isinstance(change, KillOrder):
            sessions = session_service_pb2_grpc.SessionServiceStub(channel)
            return serialize.killed(await sessions.KillSessions(change.request(), timeout=CALL_TIMEOUT_S))
        server = server_service_pb2_grpc.ServerServiceStub(channel)
        if isinstance(change, DrainOrder):
            return serialize.told(await server.DrainServer(change.request(), timeout=CALL_TIMEOUT_S))
        return serialize.told(await server.ResumeServer(change.request(), timeout=CALL_TIMEOUT_S))

    async def _connect(self) -> grpc.aio.Channel:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(
            lambda: ClientEnd(lambda client: self._gate.admit(client, self._caller), self._gate.gone), path=self._path
        )
        # gRPC shares connections between channels to one address, and this connection says who calls.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.aio.insecure_channel(f"unix:{self._path}", options=options)
        return self._channel

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
