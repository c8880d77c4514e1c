"""A control API on a unix socket that says what a test tells it to say, and remembers what it was asked."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2_grpc
from grpc_status import rpc_status
from msgspec import convert

from household.v1 import config_service_pb2 as config_api
from household.v1 import config_service_pb2_grpc as config_grpc
from household.v1 import history_service_pb2 as history_api
from household.v1 import history_service_pb2_grpc as history_grpc
from household.v1 import server_service_pb2 as server_api
from household.v1 import server_service_pb2_grpc as server_grpc
from household.v1 import session_service_pb2 as session_api
from household.v1 import session_service_pb2_grpc as session_grpc
from household.v1.session_pb2 import CloseReason, Connection, EvidenceKind, Session, SessionState, Timeouts, Verdict
from householdd.api import filters
from householdd.api.paging import DEFAULT_PAGE_SIZE
from householdd.measure.run_report import ClientRunReport, encode
from householdd.settings import definitions as product
from tests.run_reports import run_report, stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REPORT = encode(convert(run_report(), ClientRunReport)).decode()
"""As a daemon stores it: with the fields that the client left out."""

BOTH_WAYS = [stretch("download", 10, 18), stretch("upload", 23, 490, loss_share=0.004), stretch("both", 36, 460)]

REPORT_BOTH_WAYS = encode(convert(run_report(stretches=BOTH_WAYS), ClientRunReport)).decode()

LAUNCH = {name: float(getattr(product.Timeouts(), name)) for name in product.Timeouts.ranges()}
"""The daemon's own defaults."""


class FakeDaemon(
    session_grpc.SessionServiceServicer,
    server_grpc.ServerServiceServicer,
    config_grpc.ConfigServiceServicer,
    history_grpc.HistoryServiceServicer,
):
    """Serves at ``path`` while it is :meth:`running`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.port = 0
        self.stop: Callable[[], object] = lambda: None
        self.sessions: list[Session] = []
        self.closed: list[Session] = []
        self.unreachable: list[session_api.UnreachableWorker] = []
        self.events: list[session_api.WatchSessionsResponse] = []
        # Whether a watch goes on after its events, until the client leaves.
        self.watch_stays_open = False
        self.server = server_api.Server()
        self.ended: list[history_api.SessionRecord] = []
        self.runs: list[history_api.Run] = []
        self.groups: list[history_api.HistoryGroup] = []
        self.blocks: list[session_api.Block] = []
        # What an UnblockAddresses says of wider blocks.
        self.still_blocked: list[session_api.HoldingBlock] = []
        self.profiles = ["alex", "sarah", "jake", "computer"]
        self.breakers: list[session_api.Breaker] = []
        self.drain_steps: list[server_api.WatchDrainResponse] = []
        # After each step.
        self.drain_pause_s = 0.0
        # What GetServer answers first, one after the other.
        self.next_servers: list[server_api.Server] = []
        # Settings beside the timeouts, and what was changed of them.
        self.more_settings: list[config_api.Setting] = []
        self.overlay = config_api.RuntimeConfig()
        self.values = dict(LAUNCH)
        # What the next calls of a method fail with; DEADLINE_EXCEEDED only when the test is over.
        self.failures: dict[str, Status] = {}
        self.requests: list[Message] = []
        self.etag = "0123456789abcdef"
        self.health = health.HealthServicer()
        self.released = threading.Event()

    @contextmanager
    def running(self, credentials: grpc.ServerCredentials | None = None) -> Iterator[FakeDaemon]:
        """With ``credentials`` also at a ``port`` of the loopback addresses, over TLS."""
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        session_grpc.add_SessionServiceServicer_to_server(self, server)
        server_grpc.add_ServerServiceServicer_to_server(self, server)
        config_grpc.add_ConfigServiceServicer_to_server(self, server)
        history_grpc.add_HistoryServiceServicer_to_server(self, server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, server)
        server.add_insecure_port(f"unix:{self.path}")
        if credentials is not None:
            self.port = server.add_secure_port("localhost:0", credentials)
        server.start()
        self.stop = lambda: server.stop(None).wait()
        try:
            yield self
        finally:
            self.released.set()
            server.stop(None).wait()

    def serving(self, status: int) -> None:
        self.health.set("", status)

    def fail(self, method: str, code: grpc.StatusCode, message: str, *details: Message) -> None:
        status = Status(code=code.value[0], message=message)
        for detail in details:
            packed = Any()
            packed.Pack(detail)
            status.details.append(packed)
        self.failures[method] = status

    def hang(self, method: str) -> None:
        self.failures[method] = Status(code=grpc.StatusCode.DEADLINE_EXCEEDED.value[0])

    def asked(self, kind: type[Message]) -> list[Message]:
        return [request for request in self.requests if isinstance(request, kind)]

    def ListSessions(
        self, request: session_api.ListSessionsRequest, context: grpc.ServicerContext
    ) -> session_api.ListSessionsResponse:
        self._enter("ListSessions", request, context)
        matching = [session for session in self.sessions if _matches(session, request.filter)]
        start = int(request.page_token or 0)
        end = start + (request.page_size or DEFAULT_PAGE_SIZE)
        return session_api.ListSessionsResponse(
            sessions=matching[start:end],
            next_page_token=str(end) if end < len(matching) else "",
            total_size=len(matching),
            unreachable_workers=self.unreachable,
        )

    def GetSession(
        self, request: session_api.GetSessionRequest, context: grpc.ServicerContext
    ) -> session_api.GetSessionResponse:
        self._enter("GetSession", request, context)
        found = [session for session in (*self.sessions, *self.closed) if session.id == request.id]
        if found:
            return session_api.GetSessionResponse(session=found[0])
        return _abort(context, Status(code=grpc.StatusCode.NOT_FOUND.value[0], message=f"no session {request.id}"))

    def KillSessions(
        self, request: session_api.KillSessionsRequest, context: grpc.ServicerContext
    ) -> session_api.KillSessionsResponse:
        self._enter("KillSessions", request, context)
        live = {session.id: session for session in self.sessions}
        if request.WhichOneof("selector") == "ids":
            ids = list(request.ids.ids)
        else:
            ids = [session.id for session in self.sessions if _matches(session, request.filter)]
        answer = session_api.KillSessionsResponse(unreachable_workers=self.unreachable)
        for session_id in ids:
            outcome = session_api.KILL_OUTCOME_NOT_FOUND
            if session_id in live:
                outcome = session_api.KILL_OUTCOME_KILLED
                if not request.validate_only:
                    self.sessions.remove(live[session_id])
            elif any(session.id == session_id for session in self.closed):
                outcome = session_api.KILL_OUTCOME_ALREADY_CLOSED
            answer.results.add(id=session_id, outcome=outcome)
        return answer

    def WatchSessions(
        self, request: session_api.WatchSessionsRequest, context: grpc.ServicerContext
    ) -> Iterator[session_api.WatchSessionsResponse]:
        self._enter("WatchSessions", request, context)
        yield from self.events
        if self.watch_stays_open:
            self.released.wait()

    def BlockAddresses(
        self, request: session_api.BlockAddressesRequest, context: grpc.ServicerContext
    ) -> session_api.BlockAddressesResponse:
        self._enter("BlockAddresses", request, context)
        made = [block(address, request.reason, request.duration.seconds) for address in request.addresses]
        if not request.validate_only:
            self.blocks += made
        return session_api.BlockAddressesResponse(blocks=made, unreachable_workers=self.unreachable)

    def ListBlocks(
        self, request: session_api.ListBlocksRequest, context: grpc.ServicerContext
    ) -> session_api.ListBlocksResponse:
        self._enter("ListBlocks", request, context)
        return session_api.ListBlocksResponse(blocks=self.blocks)

    def ListBreakers(
        self, request: session_api.ListBreakersRequest, context: grpc.ServicerContext
    ) -> session_api.ListBreakersResponse:
        self._enter("ListBreakers", request, context)
        return session_api.ListBreakersResponse(breakers=self.breakers, unreachable_workers=self.unreachable)

    def ResetBreakers(
        self, request: session_api.ResetBreakersRequest, context: grpc.ServicerContext
    ) -> session_api.ResetBreakersResponse:
        self._enter("ResetBreakers", request, context)
        found = [each for each in self.breakers if request.all or each.address in request.addresses]
        if not request.validate_only:
            self.breakers = [each for each in self.breakers if each not in found]
        known = [each.address for each in found]
        return session_api.ResetBreakersResponse(
            breakers=found,
            not_open=[address for address in request.addresses if address not in known],
            unreachable_workers=self.unreachable,
        )

    def UnblockAddresses(
        self, request: session_api.UnblockAddressesRequest, context: grpc.ServicerContext
    ) -> session_api.UnblockAddressesResponse:
        self._enter("UnblockAddresses", request, context)
        removed = [each for each in self.blocks if request.all or each.address in request.addresses]
        if not request.validate_only:
            self.blocks = [each for each in self.blocks if each not in removed]
        known = [each.address for each in removed]
        return session_api.UnblockAddressesResponse(
            blocks=removed,
            not_blocked=[address for address in request.addresses if address not in known],
            still_blocked=self.still_blocked,
            unreachable_workers=self.unreachable,
        )

    def ListHistory(
        self, request: history_api.ListHistoryRequest, context: grpc.ServicerContext
    ) -> history_api.ListHistoryResponse:
        self._enter("ListHistory", request, context)
        return history_api.ListHistoryResponse(
            sessions=[record for record in self.ended if _has_id(record.session.id, request.filter)]
        )

    def ListRuns(
        self, request: history_api.ListRunsRequest, context: grpc.ServicerContext
    ) -> history_api.ListRunsResponse:
        self._enter("ListRuns", request, context)
        return history_api.ListRunsResponse(runs=[run for run in self.runs if _has_id(run.id, request.filter)])

    def GetRun(self, request: history_api.GetRunRequest, context: grpc.ServicerContext) -> history_api.GetRunResponse:
        self._enter("GetRun", request, context)
        for run in self.runs:
            if run.id == request.id:
                sessions = [record for record in self.ended if record.run_id == run.id]
                report = REPORT_BOTH_WAYS if run.stretches else REPORT
                return history_api.GetRunResponse(run=run, report=report, sessions=sessions)
        return _abort(
            context, Status(code=grpc.StatusCode.NOT_FOUND.value[0], message=f"run {request.id} is not known")
        )

    def GetHistoryStats(
        self, request: history_api.GetHistoryStatsRequest, context: grpc.ServicerContext
    ) -> history_api.GetHistoryStatsResponse:
        self._enter("GetHistoryStats", request, context)
        return history_api.GetHistoryStatsResponse(groups=self.groups)

    def GetServer(
        self, request: server_api.GetServerRequest, context: grpc.ServicerContext
    ) -> server_api.GetServerResponse:
        self._enter("GetServer", request, context)
        server = self.next_servers.pop(0) if self.next_servers else self.server
        return server_api.GetServerResponse(server=server)

    def DrainServer(
        self, request: server_api.DrainServerRequest, context: grpc.ServicerContext
    ) -> server_api.DrainServerResponse:
        self._enter("DrainServer", request, context)
        self.server.state = server_api.SERVER_STATE_DRAINING
        self.server.drain_reason = request.reason
        wait_ns = (
            request.deadline.ToNanoseconds() if request.HasField("deadline") else round(self.values["drain"] * 1e9)
        )
        now_ns = self.server.started_at.ToNanoseconds() + self.server.uptime.ToNanoseconds()
        self.server.drain_deadline_at.FromNanoseconds(now_ns + wait_ns)
        return server_api.DrainServerResponse(server=self.server)

    def WatchDrain(
        self, request: server_api.WatchDrainRequest, context: grpc.ServicerContext
    ) -> Iterator[server_api.WatchDrainResponse]:
        self._enter("WatchDrain", request, context)
        for step in self.drain_steps:
            yield step
            self.released.wait(self.drain_pause_s)
        if self.watch_stays_open:
            self.released.wait()

    def ResumeServer(
        self, request: server_api.ResumeServerRequest, context: grpc.ServicerContext
    ) -> server_api.ResumeServerResponse:
        self._enter("ResumeServer", request, context)
        self.server.state = server_api.SERVER_STATE_SERVING
        return server_api.ResumeServerResponse(server=self.server)

    def ShutdownServer(
        self, request: server_api.ShutdownServerRequest, context: grpc.ServicerContext
    ) -> server_api.ShutdownServerResponse:
        self._enter("ShutdownServer", request, context)
        return server_api.ShutdownServerResponse(sessions_closed=len(self.sessions), killed_workers=["1"])

    def GetRuntimeConfig(
        self, request: config_api.GetRuntimeConfigRequest, context: grpc.ServicerContext
    ) -> config_api.GetRuntimeConfigResponse:
        self._enter("GetRuntimeConfig", request, context)
        answer = config_api.GetRuntimeConfigResponse(current=_config(self.values), launch=_config(LAUNCH))
        for name, meaning in product.Timeouts.ranges().items():
            answer.settings.add(
                path=f"timeouts.{name}",
                description=meaning.description,
                unit=meaning.unit,
                minimum=meaning.minimum,
                maximum=meaning.maximum,
                default_value=LAUNCH[name],
                current_value=self.values[name],
                launch_value=LAUNCH[name],
            )
        answer.settings.extend(self.more_settings)
        answer.etag = self.etag
        answer.profiles.extend(self.profiles)
        return answer

    def UpdateRuntimeConfig(
        self, request: config_api.UpdateRuntimeConfigRequest, context: grpc.ServicerContext
    ) -> config_api.UpdateRuntimeConfigResponse:
        self._enter("UpdateRuntimeConfig", request, context)
        values = dict(self.values)
        self._check_etag(request.etag, context)
        overlay = config_api.RuntimeConfig()
        overlay.CopyFrom(self.overlay)
        overlay.MergeFrom(request.config)
        for path in request.update_mask.paths:
            if not path.startswith("timeouts."):
                continue
            name = path.removeprefix("timeouts.")
            value = getattr(request.config.timeouts, name)
            values[name] = float(value) if isinstance(value, int) else value.ToTimedelta().total_seconds()
        if not request.validate_only:
            self.values, self.overlay = values, overlay
        overlay.timeouts.CopyFrom(_timeouts(values))
        return config_api.UpdateRuntimeConfigResponse(config=overlay, unreachable_workers=self.unreachable)

    def ResetRuntimeConfig(
        self, request: config_api.ResetRuntimeConfigRequest, context: grpc.ServicerContext
    ) -> config_api.ResetRuntimeConfigResponse:
        self._enter("ResetRuntimeConfig", request, context)
        self._check_etag(request.etag, context)
        names = [path.removeprefix("timeouts.") for path in request.update_mask.paths]
        everything = not names or "timeouts" in names
        self.values |= {name: value for name, value in LAUNCH.items() if everything or name in names}
        return config_api.ResetRuntimeConfigResponse(config=_config(self.values))

    def _check_etag(self, etag: str, context: grpc.ServicerContext) -> None:
        if etag not in ("", self.etag):
            _abort(context, Status(code=grpc.StatusCode.ABORTED.value[0], message="etag: is no longer true"))

    def _enter(self, method: str, request: Message, context: grpc.ServicerContext) -> None:
        self.requests.append(request)
        failure = self.failures.get(method)
        if failure is None:
            return
        if failure.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]:
            self.released.wait()
        _abort(context, failure)


def session(number: int, **fields: object) -> Session:
    """A live session whose id ends in ``number``."""
    made = Session(
        id=f"00000000-0000-4000-8000-{number:012}",
        user_id=f"alex_{number}",
        test_id="777",
        profile="alex",
        state=SessionState.SESSION_STATE_ACTIVE,
        peer_address=f"[2001:db8::7]:{50000 + number}",
        user_agent="Mozilla/5.0 [test]",
        evidence_kind=EvidenceKind.EVIDENCE_KIND_PONG,
        sent_bytes=3_100_000,
        received_bytes=120_000,
        target_download_bps=1.5e6,
        actual_download_bps=1.48e6,
        target_upload_bps=1e6,
        actual_upload_bps=0.5e6,
        probe_failures=1,
        server_limited=True,
        limit_download_bps=1.2e6,
        worker="0",
        verdict=Verdict.VERDICT_FROZEN,
        connection=Connection(
            retransmits=17,
            unacked_segments=3,
            unsent_bytes=28_000,
            buffered_bytes=64_000,
            delivery_rate_bps=9.6e6,
            congestion_control="cubic",
            receiver_limited=0.125,
            retransmitted=0.002,
            congestion_experienced=0.0,
        ),
    )
    samples = made.connection.samples
    samples.count = 4_876
    samples.p50.FromMicroseconds(31_700)
    samples.p95.FromMicroseconds(47_300)
    samples.p99.FromMicroseconds(52_900)
    made.answer_age.FromMilliseconds(4_250)
    made.effective_probe_timeout.FromMilliseconds(1_375)
    made.effective_inactivity.FromMilliseconds(12_500)
    made.connection.round_trip.FromMicroseconds(48_400)
    made.connection.min_round_trip.FromMicroseconds(11_000)
    made.connection.ack_age.FromMilliseconds(96)
    made.opened_at.FromJsonString("2026-01-02T03:04:05.678Z")
    made.age.FromMilliseconds(245_000)
    made.evidence_age.FromMilliseconds(310)
    made.round_trip.FromMicroseconds(48_200)
    made.timeouts.CopyFrom(_timeouts({"inactivity": 30, "max_duration": 300, "probe_failures": 3}))
    made.MergeFrom(Session(**fields))  # type: ignore[arg-type]
    return made


def drain_step(
    sessions: int, state: server_api.ServerState.ValueType = server_api.SERVER_STATE_DRAINING
) -> server_api.WatchDrainResponse:
    made = server_api.WatchDrainResponse(state=state, sessions=sessions, reason="upgrade")
    made.left.FromSeconds(60)
    return made


def block(address: str, reason: str, seconds: int) -> session_api.Block:
    made = session_api.Block(address=address, reason=reason)
    made.created_at.FromJsonString("2026-01-02T03:04:05Z")
    made.expires_at.FromSeconds(made.created_at.seconds + seconds)
    made.left.FromSeconds(seconds)
    return made


def closed_session(number: int) -> Session:
    made = session(
        number,
        state=SessionState.SESSION_STATE_CLOSED,
        close_reason=CloseReason.CLOSE_REASON_KILLED,
        close_detail="bye",
    )
    made.closed_at.FromJsonString("2026-01-02T03:08:05.678Z")
    for field in ("verdict", "answer_age", "effective_probe_timeout", "effective_inactivity", "connection"):
        made.ClearField(field)
    return made


def ended_session(number: int, run_id: str) -> history_api.SessionRecord:
    """A session as the history has it."""
    record = history_api.SessionRecord(
        session=closed_session(number), run_id=run_id, server="speed-1", address_block="2001:db8::/48"
    )
    record.session.peer_address = record.address_block
    return record


def stored_run(number: int, **fields: object) -> history_api.Run:
    """A run whose id ends in ``number``."""
    made = history_api.Run(
        id=f"{number:024x}",
        session_id=session(number).id,
        test_id="777",
        server="speed-1",
        peer_address="2001:db8::/48",
        address_block="2001:db8::/48",
        user_agent="Mozilla/5.0 [test]",
        client="page",
        client_version="1.2.3",
        valid=True,
        grade=history_api.GRADE_A_PLUS,
        people=[history_api.RunPerson(who="alex", activity="gaming", score=90.5, verdict="verdict.gaming.excellent")],
    )
    made.stored_at.FromJsonString("2026-01-02T03:08:06Z")
    made.ended_at.FromJsonString("2026-01-02T03:08:05Z")
    made.baseline.FromMilliseconds(11)
    made.increase_p95.FromMicroseconds(3_400)
    made.cause = history_api.CAUSE_DEVICE
    made.rate_cause = history_api.CAUSE_LINE
    made.witness = history_api.WITNESS_KERNEL
    made.kernel_increase_p95.FromMicroseconds(2_900)
    made.MergeFrom(history_api.Run(**fields))  # type: ignore[arg-type]
    return made


def run_both_ways(number: int) -> history_api.Run:
    """A run whose uploads hurt."""
    graded = ((18, history_api.GRADE_A), (490, history_api.GRADE_F), (460, history_api.GRADE_F))
    made = stored_run(
        number, grade=history_api.GRADE_F, cause=history_api.CAUSE_LINE, hurting=history_api.STRETCH_UPLOAD
    )
    for index, (loaded_ms, grade) in enumerate(graded):
        each = made.stretches.add(
            stretch=history_api.Stretch.Value(f"STRETCH_{BOTH_WAYS[index]['stretch'].upper()}"),
            valid=True,
            grade=grade,
            cause=history_api.CAUSE_LINE,
            rate_cause=history_api.CAUSE_LINE,
            witness=history_api.WITNESS_APPLICATION,
        )
        each.begin.FromSeconds(10 + 13 * index)
        each.end.FromSeconds(23 + 13 * index)
        each.increase_p95.FromMilliseconds(loaded_ms - 10)
        each.kernel_increase_p95.FromMilliseconds(loaded_ms - 12)
    made.increase_p95.CopyFrom(made.stretches[1].increase_p95)
    made.kernel_increase_p95.CopyFrom(made.stretches[1].kernel_increase_p95)
    made.witness = history_api.WITNESS_APPLICATION
    return made


def counted(key: str) -> history_api.HistoryGroup:
    """A group of the statistics."""
    made = history_api.HistoryGroup(
        key=key, sessions=8, sent_bytes=3_100_000, received_bytes=120_000, runs=2, valid_runs=1
    )
    made.session_time.FromSeconds(2000)
    if key:
        made.mean_increase_p95.FromMilliseconds(12)
    return made


def _abort(context: grpc.ServicerContext, failure: Status) -> NoReturn:
    context.abort_with_status(rpc_status.to_status(failure))


def _matches(session: Session, query: str) -> bool:
    return filters.parse(query)(session)


def _has_id(record_id: str, query: str) -> bool:
    """Whether a filter of the history finds an id; the fake tells only filters of ids apart, all else finds all."""
    comparison = re.fullmatch(r'id = "([^"]*)"', query)
    if comparison is None:
        return True
    wanted = comparison[1]
    return record_id.startswith(wanted[:-1]) if wanted.endswith("*") else record_id == wanted


def _config(values: dict[str, float]) -> config_api.RuntimeConfig:
    return config_api.RuntimeConfig(timeouts=_timeouts(values))


def _timeouts(values: dict[str, float]) -> Timeouts:
    timeouts = Timeouts()
    for name, value in values.items():
        if name == "probe_failures":
            timeouts.probe_failures = int(value)
        else:
            getattr(timeouts, name).FromMilliseconds(round(value * 1000))
    return timeouts
