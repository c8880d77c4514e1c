"""The control API as the commands use it: deadlines set, pages followed, errors explained."""

from __future__ import annotations

import os
import threading
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar

# gRPC writes its own lines to stderr otherwise; it reads this when it is imported.
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

# The most that ListSessionsRequest and SessionIds take.
PAGE_SIZE = 1000

Request = TypeVar("Request", bound="Message")
Response = TypeVar("Response", bound="Message")


class Client:
    """A connection to one daemon. Every method raises CommandError when its call fails."""

    def __init__(self, target: Target, timeout: float) -> None:
        """``timeout`` is the deadline of each call that has one answer, in seconds."""
        self.target = target
        self.timeout = timeout
        self._channel = _channel(target)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self._server = server_service_pb2_grpc.ServerServiceStub(self._channel)
        self._config = config_service_pb2_grpc.ConfigServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes the connection."""
        self.close()

    def list_sessions(
        self, query: str = "", order_by: str = "", limit: int | None = None
    ) -> session_service_pb2.ListSessionsResponse:
        """The live sessions that match as one page, at most ``limit`` of them; None is all."""
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
        """How many live sessions match."""
        return self.list_sessions(query, limit=1).total_size

    def get_session(self, session_id: str) -> session_pb2.Session:
        """One session, live or recently closed."""
        return self._call(self._sessions.GetSession, session_service_pb2.GetSessionRequest(id=session_id)).session

    def kill_sessions(
        self, order: session_service_pb2.KillSessionsRequest, ids: Sequence[str] = ()
    ) -> session_service_pb2.KillSessionsResponse:
        """Kills by the selector of ``order`` or, where there are ``ids``, those in as many calls as they need."""
        if not ids:
            return self._call(self._sessions.KillSessions, order)
        merged = session_service_pb2.KillSessionsResponse()
        for start in range(0, len(ids), PAGE_SIZE):
            request = session_service_pb2.KillSessionsRequest()
            request.CopyFrom(order)
            request.ids.ids.extend(ids[start : start + PAGE_SIZE])
            if order.request_id and start:
                # An id stands for one request.
                request.request_id = _derived(order.request_id, start)
            merged.MergeFrom(self._call(self._sessions.KillSessions, request))
        return merged

    def list_blocks(self) -> session_service_pb2.ListBlocksResponse:
        """The addresses that are kept out."""
        return self._call(self._sessions.ListBlocks, session_service_pb2.ListBlocksRequest())

    def block_addresses(
        self, request: session_service_pb2.BlockAddressesRequest
    ) -> session_service_pb2.BlockAddressesResponse:
        """Keeps addresses out."""
        return self._call(self._sessions.BlockAddresses, request)

    def unblock_addresses(
        self, request: session_service_pb2.UnblockAddressesRequest
    ) -> session_service_pb2.UnblockAddressesResponse:
        """Lets addresses in again."""
        return self._call(self._sessions.UnblockAddresses, request)

    def list_breakers(self) -> session_service_pb2.ListBreakersResponse:
        """The circuit breakers that are not closed."""
        return self._call(self._sessions.ListBreakers, session_service_pb2.ListBreakersRequest())

    def reset_breakers(
        self, request: session_service_pb2.ResetBreakersRequest
    ) -> session_service_pb2.ResetBreakersResponse:
        """Closes circuit breakers."""
        return self._call(self._sessions.ResetBreakers, request)

    def watch_sessions(self, query: str) -> Iterator[session_service_pb2.WatchSessionsResponse]:
        """Messages until the daemon ends the stream.

        The first one comes at once, if only the end of the snapshot, so it has the deadline of any answer; later ones
        have none.
        """
        call = self._sessions.WatchSessions(session_service_pb2.WatchSessionsRequest(filter=query))
        late = threading.Event()

        def give_up() -> None:
            late.set()
            call.cancel()

        patience = threading.Timer(self.timeout, give_up)
        patience.daemon = True
        patience.start()
        try:
            for message in call:
                patience.cancel()
                yield message
        except grpc.RpcError as error:
            if late.is_set():
                raise too_late(self.target, self.timeout) from error
            raise explain(error, self.target, self.timeout) from error
        finally:
            patience.cancel()
            call.cancel()

    def get_server(self) -> server_service_pb2.Server:
        """The daemon as it is now."""
        return self._call(self._server.GetServer, server_service_pb2.GetServerRequest()).server

    def serving_status(self) -> str:
        """What the standard health service says of the daemon: SERVING, NOT_SERVING, ..."""
        check = self._health.Check  # type: ignore[attr-defined]  # the type stubs leave the methods out
        answer: health_pb2.HealthCheckResponse = self._call(check, health_pb2.HealthCheckRequest())
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def drain(self, request: server_service_pb2.DrainServerRequest) -> server_service_pb2.Server:
        """Begins to drain, or checks whether it could."""
        return self._call(self._server.DrainServer, request).server

    def watch_drain(self, patience: float | None) -> Iterator[server_service_pb2.WatchDrainResponse]:
        """Progress of a drain until it has ended, for ``patience`` seconds; None is without end."""
        call = self._server.WatchDrain(server_service_pb2.WatchDrainRequest(), timeout=patience)
        try:
            yield from call
        except grpc.RpcError as error:
            raise explain(error, self.target, self.timeout) from error
        finally:
            call.cancel()

    def resume(self, request: server_service_pb2.ResumeServerRequest) -> server_service_pb2.Server:
        """Ends a drain, or checks whether it could."""
        return self._call(self._server.ResumeServer, request).server

    def shutdown(self, request: server_service_pb2.ShutdownServerRequest) -> server_service_pb2.ShutdownServerResponse:
        """Ends all traffic and stops the daemon, or says what that would close."""
        return self._call(self._server.ShutdownServer, request)

    def get_config(self) -> config_service_pb2.GetRuntimeConfigResponse:
        """The runtime configuration in force, the one at launch, and what each setting means."""
        return self._call(self._config.GetRuntimeConfig, config_service_pb2.GetRuntimeConfigRequest())

    def update_config(
        self, request: config_service_pb2.UpdateRuntimeConfigRequest
    ) -> config_service_pb2.UpdateRuntimeConfigResponse:
        """Changes, or only checks, the settings of the mask."""
        return self._call(self._config.UpdateRuntimeConfig, request)

    def reset_config(
        self, request: config_service_pb2.ResetRuntimeConfigRequest
    ) -> config_service_pb2.ResetRuntimeConfigResponse:
        """Puts settings back to what is configured, or checks that."""
        return self._call(self._config.ResetRuntimeConfig, request)

    def close(self) -> None:
        """Closes the connection; a call that is under way fails."""
        self._channel.close()

    def ended_sessions(self, query: str, limit: int | None = None) -> Iterator[history_service_pb2.SessionRecord]:
        """Ended sessions, newest first, each page asked for when the one before is taken; None is all."""
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
        """Runs, newest first, as :meth:`ended_sessions`."""
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
        """One run with its report and its sessions."""
        from household.v1 import history_service_pb2

        return self._call(self._history.GetRun, history_service_pb2.GetRunRequest(id=run_id))

    def history_stats(
        self, request: history_service_pb2.GetHistoryStatsRequest
    ) -> history_service_pb2.GetHistoryStatsResponse:
        """Groups of ended sessions and runs."""
        return self._call(self._history.GetHistoryStats, request)

    @cached_property
    def _history(self) -> history_service_pb2_grpc.HistoryServiceStub:
        # Few commands want it, and its messages take a while to import.
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
        # The daemon says what is wrong with it.
        return request_id


def _channel(target: Target) -> grpc.Channel:
    if target.tls is None:
        return grpc.insecure_channel(target.address)
    files = target.tls
    try:
        # gRPC takes whatever it is given, and then only fails to connect.
        files.client_context()
        ca, cert, key = (path.read_bytes() if path else None for path in (files.ca, files.cert, files.key))
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{error.filename}: {error.strerror}") from None
    return grpc.secure_channel(target.address, grpc.ssl_channel_credentials(ca, key, cert))
