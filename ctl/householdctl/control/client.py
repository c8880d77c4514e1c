"""Client of the control API."""

from __future__ import annotations

import os
import threading
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar

# Keeps gRPC off stderr; read at import.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from household.v1 import (
    config_service_pb2,
    config_service_pb2_grpc,
    server_service_pb2,
    server_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from householdctl.control.rpc_errors import explain, too_late
from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from google.protobuf.message import Message

    from household.v1 import history_service_pb2, history_service_pb2_grpc, session_pb2
    from householdctl.control.target import Target

PAGE_SIZE = 1000
"""Maximum of the API."""

Request = TypeVar("Request", bound="Message")
Response = TypeVar("Response", bound="Message")


class Client:
    """A connection to one daemon. Methods raise CommandError for a failed call."""

    def __init__(self, target: Target, timeout: float) -> None:
        """Connect at the first call. ``timeout`` is for each unary call, in seconds."""
        self.target = target
        self.timeout = timeout
        self._channel = _channel(target)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self._server = server_service_pb2_grpc.ServerServiceStub(self._channel)
        self._config = config_service_pb2_grpc.ConfigServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def list_sessions(
        self, query: str = "", order_by: str = "", limit: int | None = None
    ) -> session_service_pb2.ListSessionsResponse:
        """Return at most ``limit`` live sessions as one page."""
        listing = session_service_pb2.ListSessionsResponse()
        token = ""
        while True:
            wanted = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(listing.sessions))
            request = session_service_pb2.ListSessionsRequest(
                page_size=wanted, page_token=token, filter=query, order_by=order_by
            )
            page = self._call(self._sessions.ListSessions, request)
            listing.sessions.extend(page.sessions)
            listing.total_size = page.total_size
            known = {worker.worker for worker in listing.unreachable_workers}
            listing.unreachable_workers.extend(w for w in page.unreachable_workers if w.worker not in known)
            token = page.next_page_token
            if not token or (limit is not None and len(listing.sessions) >= limit):
                return listing

    def count_sessions(self, query: str = "") -> int:
        return self.list_sessions(query, limit=1).total_size

    def get_session(self, session_id: str) -> session_pb2.Session:
        """Return a live or recently closed session."""
        return self._call(self._sessions.GetSession, session_service_pb2.GetSessionRequest(id=session_id)).session

    def kill_sessions(
        self, order: session_service_pb2.KillSessionsRequest, ids: Sequence[str] = ()
    ) -> session_service_pb2.KillSessionsResponse:
        """Kill the selected sessions, or those of ``ids`` in several calls."""
        if not ids:
            return self._call(self._sessions.KillSessions, order)
        merged = session_service_pb2.KillSessionsResponse()
        for start in range(0, len(ids), PAGE_SIZE):
            request = session_service_pb2.KillSessionsRequest()
            request.CopyFrom(order)
            request.ids.ids.extend(ids[start : start + PAGE_SIZE])
            if order.request_id and start:
                # Each request needs its own id.
                request.request_id = _derived(order.request_id, start)
            merged.MergeFrom(self._call(self._sessions.KillSessions, request))
        return merged

    def list_blocks(self) -> session_service_pb2.ListBlocksResponse:
        return self._call(self._sessions.ListBlocks, session_service_pb2.ListBlocksRequest())

    def block_addresses(
        self, request: session_service_pb2.BlockAddressesRequest
    ) -> session_service_pb2.BlockAddressesResponse:
        return self._call(self._sessions.BlockAddresses, request)

    def unblock_addresses(
        self, request: session_service_pb2.UnblockAddressesRequest
    ) -> session_service_pb2.UnblockAddressesResponse:
        return self._call(self._sessions.UnblockAddresses, request)

    def list_breakers(self) -> session_service_pb2.ListBreakersResponse:
        return self._call(self._sessions.ListBreakers, session_service_pb2.ListBreakersRequest())

    def reset_breakers(
        self, request: session_service_pb2.ResetBreakersRequest
    ) -> session_service_pb2.ResetBreakersResponse:
        return self._call(self._sessions.ResetBreakers, request)

    def watch_sessions(self, query: str) -> Iterator[session_service_pb2.WatchSessionsResponse]:
        """Yield messages until the daemon ends the stream.

        Only the first has a deadline: the daemon sends at least the end of the snapshot.
        """
        call = self._sessions.WatchSessions(session_service_pb2.WatchSessionsRequest(filter=query))
        late = threading.Event()

        def give_up() -> None:
            late.set()
            call.cancel()

        timer = threading.Timer(self.timeout, give_up)
        timer.daemon = True
        timer.start()
        try:
            for message in call:
                timer.cancel()
                yield message
        except grpc.RpcError as error:
            if late.is_set():
                raise too_late(self.target, self.timeout) from error
            raise explain(error, self.target, self.timeout) from error
        finally:
            timer.cancel()
            call.cancel()

    def get_server(self) -> server_service_pb2.Server:
        return self._call(self._server.GetServer, server_service_pb2.GetServerRequest()).server

    def serving_status(self) -> str:
        """Return the word of the standard health service."""
        check = self._health.Check  # type: ignore[attr-defined]  # the type stubs leave the methods out
        answer: health_pb2.HealthCheckResponse = self._call(check, health_pb2.HealthCheckRequest())
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def drain(self, request: server_service_pb2.DrainServerRequest) -> server_service_pb2.Server:
        """Begin a drain, or check the request."""
        return self._call(self._server.DrainServer, request).server

    def watch_drain(self, timeout: float | None) -> Iterator[server_service_pb2.WatchDrainResponse]:
        """Yield the progress of a drain, for at most ``timeout`` seconds."""
        call = self._server.WatchDrain(server_service_pb2.WatchDrainRequest(), timeout=timeout)
        try:
            yield from call
        except grpc.RpcError as error:
            raise explain(error, self.target, self.timeout) from error
        finally:
            call.cancel()

    def resume(self, request: server_service_pb2.ResumeServerRequest) -> server_service_pb2.Server:
        """End a drain, or check the request."""
        return self._call(self._server.ResumeServer, request).server

    def shutdown(self, request: server_service_pb2.ShutdownServerRequest) -> server_service_pb2.ShutdownServerResponse:
        """Stop the daemon, or count what that would close."""
        return self._call(self._server.ShutdownServer, request)

    def get_config(self) -> config_service_pb2.GetRuntimeConfigResponse:
        return self._call(self._config.GetRuntimeConfig, config_service_pb2.GetRuntimeConfigRequest())

    def update_config(
        self, request: config_service_pb2.UpdateRuntimeConfigRequest
    ) -> config_service_pb2.UpdateRuntimeConfigResponse:
        return self._call(self._config.UpdateRuntimeConfig, request)

    def reset_config(
        self, request: config_service_pb2.ResetRuntimeConfigRequest
    ) -> config_service_pb2.ResetRuntimeConfigResponse:
        return self._call(self._config.ResetRuntimeConfig, request)

    def close(self) -> None:
        self._channel.close()

    def ended_sessions(self, query: str, limit: int | None = None) -> Iterator[history_service_pb2.SessionRecord]:
        """Yield at most ``limit``, newest first."""
        from household.v1 import history_service_pb2

        token, left = "", limit
        while left is None or left > 0:
            request = history_service_pb2.ListHistoryRequest(
                page_size=PAGE_SIZE if left is None else min(PAGE_SIZE, left), page_token=token, filter=query
            )
            page = self._call(self._history.ListHistory, request)
            yield from page.sessions
            token, left = page.next_page_token, None if left is None else left - len(page.sessions)
            if not token:
                return

    def runs(self, query: str, limit: int | None = None) -> Iterator[history_service_pb2.Run]:
        """Yield at most ``limit``, newest first."""
        from household.v1 import history_service_pb2

        token, left = "", limit
        while left is None or left > 0:
            request = history_service_pb2.ListRunsRequest(
                page_size=PAGE_SIZE if left is None else min(PAGE_SIZE, left), page_token=token, filter=query
            )
            page = self._call(self._history.ListRuns, request)
            yield from page.runs
            token, left = page.next_page_token, None if left is None else left - len(page.runs)
            if not token:
                return

    def get_run(self, run_id: str) -> history_service_pb2.GetRunResponse:
        """Return a run with its report and sessions."""
        from household.v1 import history_service_pb2

        return self._call(self._history.GetRun, history_service_pb2.GetRunRequest(id=run_id))

    def history_stats(
        self, request: history_service_pb2.GetHistoryStatsRequest
    ) -> history_service_pb2.GetHistoryStatsResponse:
        return self._call(self._history.GetHistoryStats, request)

    @cached_property
    def _history(self) -> history_service_pb2_grpc.HistoryServiceStub:
        # Slow to import; few commands use it.
        from household.v1 import history_service_pb2_grpc

        return history_service_pb2_grpc.HistoryServiceStub(self._channel)

    def _call(self, method: grpc.UnaryUnaryMultiCallable[Request, Response], request: Request) -> Response:
        try:
            return method(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise explain(error, self.target, self.timeout) from error


def _derived(request_id: str, index: int) -> str:
    try:
        return str(uuid.uuid5(uuid.UUID(request_id), str(index)))
    except ValueError:
        # The daemon refuses it with a precise error.
        return request_id


def _channel(target: Target) -> grpc.Channel:
    if target.tls is None:
        return grpc.insecure_channel(target.address)
    files = target.tls
    try:
        # gRPC would fail to connect without a reason.
        files.client_context()
        ca, cert, key = (path.read_bytes() if path else None for path in (files.ca, files.cert, files.key))
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{error.filename}: {error.strerror}") from None
    return grpc.secure_channel(target.address, grpc.ssl_channel_credentials(ca, key, cert))
