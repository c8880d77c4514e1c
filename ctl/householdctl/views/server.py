"""The daemon and its workers for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from household.v1.server_service_pb2 import (
    HistoryState,
    OverloadCause,
    OverloadStep,
    RefusalCause,
    ServerState,
    WorkerState,
)
from household.v1.session_pb2 import CloseReason, SessionState
from householdctl.output.tables import Column
from householdctl.values.enums import short_name
from householdctl.values.units import format_age, format_bytes, format_rate, seconds
from householdctl.views import certificates as certificate_views

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.timestamp_pb2 import Timestamp

    from household.v1.server_service_pb2 import Overload, Server, ShutdownServerResponse, Worker


def _workers_ready(server: Server) -> str:
    ready = sum(worker.state == WorkerState.WORKER_STATE_READY for worker in server.workers)
    return f"{ready} of {len(server.workers)} ready"


def _longest_gap(server: Server) -> str:
    return format_age(max((seconds(worker.control_loop.longest_gap) for worker in server.workers), default=0.0))


def _rest_closed_in(server: Server) -> str:
    left = seconds_to_drain_deadline(server)
    return "-" if left is None or not server.sessions else format_age(max(left, 0))


def _by_state(worker: Worker) -> str:
    counts = [f"{each.count} {short_name(SessionState, each.state)}" for each in worker.sessions if each.count]
    return ", ".join(counts) or "0"


WORKER_COLUMNS: tuple[Column[Worker], ...] = (
    Column("WORKER", lambda worker: worker.name),
    Column("STATE", lambda worker: short_name(WorkerState, worker.state)),
    Column("PID", lambda worker: str(worker.pid) if worker.pid else "-", right=True, rank=3),
    Column("RESTARTS", lambda worker: str(worker.restarts), right=True),
    Column("SESSIONS", _by_state),
    Column("CONNECTIONS", lambda worker: str(worker.census.connections), right=True, rank=4),
    Column("PASSES", lambda worker: str(worker.control_loop.passes), right=True, rank=5),
    Column("SLOW PASSES", lambda worker: str(worker.control_loop.slow_passes), right=True),
    Column("LAST PASS", lambda worker: format_age(seconds(worker.control_loop.last_pass)), right=True, rank=2),
    Column("LONGEST GAP", lambda worker: format_age(seconds(worker.control_loop.longest_gap)), right=True, rank=1),
    Column("BUFFERED", lambda worker: format_bytes(worker.census.buffered_bytes), right=True, wide=True),
    Column("MEMORY", lambda worker: format_bytes(worker.census.resident_bytes), right=True, wide=True),
    Column("FILES", lambda worker: str(worker.census.file_descriptors), right=True, wide=True),
    Column("TASKS", lambda worker: str(worker.census.tasks), right=True, wide=True),
    Column("DETAIL", lambda worker: worker.detail or "-"),
)

SERVER_COLUMNS: tuple[Column[Server], ...] = (
    Column("STATE", lambda server: short_name(ServerState, server.state)),
    Column("WORKERS", _workers_ready),
    Column("SESSIONS", lambda server: str(server.sessions), right=True),
    Column("DOWN", lambda server: format_rate(server.download_bps), right=True),
    Column("UP", lambda server: format_rate(server.upload_bps), right=True, rank=1),
    Column("LONGEST GAP", _longest_gap, right=True, rank=4),
    Column("UPTIME", lambda server: format_age(seconds(server.uptime)), right=True, rank=2),
    Column("VERSION", lambda server: server.version, rank=3),
    Column("HOST", lambda server: server.hostname, rank=5),
    Column("LISTENING", lambda server: ", ".join(server.listen_urls) or "-", wide=True),
)
SHUTDOWN_COLUMNS: tuple[Column[ShutdownServerResponse], ...] = (
    Column("SESSIONS CLOSED", lambda answer: str(answer.sessions_closed), right=True),
    Column("WORKERS KILLED", lambda answer: ", ".join(answer.killed_workers) or "none"),
)
DRAIN_COLUMNS: tuple[Column[Server], ...] = (
    Column("STATE", lambda server: short_name(ServerState, server.state)),
    Column("SESSIONS", lambda server: str(server.sessions), right=True),
    Column("REST IS CLOSED IN", _rest_closed_in, right=True),
    Column("DRAIN REASON", lambda server: server.drain_reason or "-", rank=1),
)


def problems(serving_status: str, server: Server) -> list[str]:
    """Return a line for each problem."""
    state = short_name(ServerState, server.state)
    found = []
    if serving_status != "SERVING" or server.state != ServerState.SERVER_STATE_SERVING:
        found.append(f"the daemon is {state}, its health service says {serving_status}")
    if server.history.state == HistoryState.HISTORY_STATE_FAILING:
        details = [f"{server.history.waiting} waiting", f"{server.history.dropped} dropped"]
        if server.history.HasField("failing_since"):
            details.insert(0, f"for {_ago(server, server.history.failing_since)}")
        found.append(f"the history is not written: {server.history.problem} ({', '.join(details)})")
    if server.history.webhook.problem:
        found.append(_webhook_problem(server))
    found += certificate_views.problems(server)
    for worker in server.workers:
        if worker.state != WorkerState.WORKER_STATE_READY:
            detail = f": {worker.detail}" if worker.detail else ""
            found.append(f"worker {worker.name} is {short_name(WorkerState, worker.state)}{detail}")
        if worker.overload.step > OverloadStep.OVERLOAD_STEP_NORMAL:
            found.append(f"worker {worker.name} is overloaded: {_overload(worker.overload)}")
    return found


_STEPS = {
    OverloadStep.OVERLOAD_STEP_REFUSE: "new runs are refused",
    OverloadStep.OVERLOAD_STEP_SLOW: "new runs are refused, bulk sessions slowed",
    OverloadStep.OVERLOAD_STEP_SHED: "new runs are refused, the newest bulk sessions ended",
    OverloadStep.OVERLOAD_STEP_STOP: "all its sessions were ended, and new ones are refused",
}

_CAUSES: dict[int, tuple[str, Callable[[float], str]]] = {
    OverloadCause.OVERLOAD_CAUSE_LAG: ("lateness of its control loop", format_age),
    OverloadCause.OVERLOAD_CAUSE_CPU: ("CPU", "{:.0%}".format),
    OverloadCause.OVERLOAD_CAUSE_MEMORY: ("memory", "{:.0%}".format),
    OverloadCause.OVERLOAD_CAUSE_MEMORY_STALL: ("time waiting for memory", "{:.0%}".format),
    OverloadCause.OVERLOAD_CAUSE_SEND_QUEUE: ("write buffers", lambda figure: format_bytes(int(figure))),
}


def _overload(overload: Overload) -> str:
    step = _STEPS.get(overload.step, short_name(OverloadStep, overload.step))
    if overload.cause not in _CAUSES:
        return step
    what, shown = _CAUSES[overload.cause]
    return f"{step}; {what} {shown(overload.figure)}, too much from {shown(overload.threshold)} on"


def _webhook_problem(server: Server) -> str:
    webhook = server.history.webhook
    details = [f"{webhook.waiting} waiting", f"{webhook.dropped} dropped"]
    if webhook.HasField("next_attempt_at"):
        details.insert(0, f"next attempt in {format_age(max(-_age(server, webhook.next_attempt_at), 0.0))}")
    if webhook.HasField("failed_at"):
        details.insert(0, f"{_ago(server, webhook.failed_at)} ago")
    return f"the webhook is not delivered: {webhook.problem} ({', '.join(details)})"


def _age(server: Server, moment: Timestamp) -> float:
    """Return seconds by the daemon's clock; negative for a future time."""
    now = server.started_at.ToNanoseconds() + server.uptime.ToNanoseconds()
    return (now - moment.ToNanoseconds()) / 1e9


def _ago(server: Server, moment: Timestamp) -> str:
    return format_age(max(_age(server, moment), 0.0))


def facts(serving_status: str, server: Server) -> list[tuple[str, str]]:
    """Omit the workers."""
    totals = server.totals
    return [
        ("state", short_name(ServerState, server.state)),
        ("health service", serving_status),
        *_drain(server),
        ("version", server.version),
        ("host", server.hostname),
        ("uptime", format_age(seconds(server.uptime))),
        ("listening", ", ".join(server.listen_urls) or "-"),
        ("sessions", str(server.sessions)),
        ("download", format_rate(server.download_bps)),
        ("upload", format_rate(server.upload_bps)),
        ("sent in total", format_bytes(totals.sent_bytes)),
        ("received in total", format_bytes(totals.received_bytes)),
        ("sessions opened", str(totals.sessions_opened)),
        *(
            (f"closed, {short_name(CloseReason, closed.reason)}", str(closed.count))
            for closed in totals.sessions_closed
        ),
        ("handshakes refused", str(totals.handshakes_refused)),
        *((f"refused, {short_name(RefusalCause, refusal.cause)}", str(refusal.count)) for refusal in totals.refusals),
        ("protocol errors", str(totals.protocol_errors)),
        *certificate_views.facts(server),
        *_history(server),
    ]


def shutdown_facts(answer: ShutdownServerResponse) -> list[tuple[str, str]]:
    return [(column.header.lower(), column.text(answer)) for column in SHUTDOWN_COLUMNS]


def drain_facts(server: Server) -> list[tuple[str, str]]:
    return [
        ("state", short_name(ServerState, server.state)),
        *_drain(server),
        ("sessions", str(server.sessions)),
    ]


def seconds_to_drain_deadline(server: Server) -> float | None:
    """Return seconds by the daemon's clock; None without a drain."""
    if not server.HasField("drain_deadline_at"):
        return None
    return -_age(server, server.drain_deadline_at)


def _history(server: Server) -> list[tuple[str, str]]:
    if not server.HasField("history"):
        return []
    kept = server.history
    counts = f"{kept.written} written, {kept.waiting} waiting, {kept.dropped} dropped"
    lines = [("history", short_name(HistoryState, kept.state)), ("history since start", counts)]
    lines += [("history warning", warning) for warning in kept.warnings]
    if kept.HasField("webhook"):
        told = kept.webhook
        counts = f"{told.delivered} delivered, {told.waiting} waiting, {told.dropped} dropped"
        lines.append(("webhook since start", counts))
    return lines


def _drain(server: Server) -> list[tuple[str, str]]:
    lines = [("drain reason", server.drain_reason)] if server.drain_reason else []
    left = seconds_to_drain_deadline(server)
    return lines if left is None or not server.sessions else [*lines, ("rest is closed in", format_age(max(left, 0)))]
