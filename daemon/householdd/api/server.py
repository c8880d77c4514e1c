"""gRPC server on a private unix socket, with health and reflection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from household.v1 import (
    config_service_pb2,
    config_service_pb2_grpc,
    history_service_pb2,
    history_service_pb2_grpc,
    server_service_pb2,
    server_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from householdd.api.call_limits import CallLimits
from householdd.api.interceptor import CallAdmission, CallInterceptor, everybody

SERVICES = tuple(
    service.full_name
    for module in (session_service_pb2, server_service_pb2, config_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
)
"""Of a worker and of the daemon."""

HISTORY_SERVICE = history_service_pb2.DESCRIPTOR.services_by_name["HistoryService"].full_name


@dataclass(frozen=True)
class Services:
    """Implementations of the services."""

    sessions: session_service_pb2_grpc.SessionServiceServicer
    server: server_service_pb2_grpc.ServerServiceServicer
    config: config_service_pb2_grpc.ConfigServiceServicer
    history: history_service_pb2_grpc.HistoryServiceServicer | None = None
    """None at a worker: UNIMPLEMENTED."""


class ControlServer:
    """Serves ``path``; the mode of its directory controls access.

    A worker needs no ``limits``: it has one connection, the daemon's. ``interceptors`` see admitted calls,
    ``outermost`` all calls.
    """

    def __init__(  # noqa: PLR0913 - each a part of its own
        self,
        services: Services,
        path: Path,
        admission: CallAdmission = everybody,
        limits: CallLimits | None = None,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        *,
        outermost: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        options = limits.grpc_options if limits else [("grpc.max_receive_message_length", CallLimits.request_bytes)]
        self._path = path
        self._health = health.aio.HealthServicer()
        self._serving: bool | None = None
        self._server = grpc.aio.server(
            interceptors=[*outermost, CallInterceptor(admission, (limits or CallLimits()).first_bytes), *interceptors],
            options=options,
        )
        session_service_pb2_grpc.add_SessionServiceServicer_to_server(services.sessions, self._server)
        server_service_pb2_grpc.add_ServerServiceServicer_to_server(services.server, self._server)
        config_service_pb2_grpc.add_ConfigServiceServicer_to_server(services.config, self._server)
        self._services = SERVICES
        if services.history is not None:
            history_service_pb2_grpc.add_HistoryServiceServicer_to_server(services.history, self._server)
            self._services = (*SERVICES, HISTORY_SERVICE)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            [*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server.add_insecure_port(f"unix:{self._path}")
        await self._server.start()

    async def report(self, *, serving: bool) -> None:
        if serving is self._serving:
            return
        self._serving = serving
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._services):
            await self._health.set(name, status)

    async def stop(self, grace: float) -> None:
        """Stop; open RPCs have ``grace`` seconds to end."""
        await self._server.stop(grace)

    @contextlib.asynccontextmanager
    async def serving(self, grace: float) -> AsyncIterator[None]:
        """Serve in the block; RPCs open at its end have ``grace`` seconds."""
        await self.start()
        try:
            yield
        finally:
            await self.stop(grace)
