"""All metrics, which docs/metrics.md lists.

Prometheus conventions: base units, ``_total`` for counters. Label values never come from clients, so the number of
series is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from householdd.measure import worker_timing

PREFIX = "householdd_"


class MetricKind(Enum):
    """Types in Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Family:
    """Metric with a series for each combination of label values."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Upper bounds of buckets, without the last."""
    each_worker: bool = False
    """Whether workers stay apart under a label ``worker``."""

    @property
    def all_labels(self) -> tuple[str, ...]:
        return ("worker", *self.labels) if self.each_worker else self.labels


def _counter(name: str, text: str, *labels: str, each_worker: bool = False) -> Family:
    return Family(PREFIX + name, MetricKind.COUNTER, text, labels, each_worker=each_worker)


def _gauge(name: str, text: str, *labels: str, each_worker: bool = False) -> Family:
    return Family(PREFIX + name, MetricKind.GAUGE, text, labels, each_worker=each_worker)


def _histogram(name: str, text: str, bounds: tuple[float, ...], *labels: str, each_worker: bool = False) -> Family:
    return Family(PREFIX + name, MetricKind.HISTOGRAM, text, labels, bounds, each_worker)


RPC_DURATION = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

SESSIONS = _gauge("sessions", "Live sessions.", "profile", "state")
SESSIONS_OPENED = _counter("sessions_opened_total", "Sessions opened.", "profile")
SESSIONS_CLOSED = _counter("sessions_closed_total", "Sessions closed.", "profile", "reason")
SESSIONS_QUIETED = _counter(
    "sessions_quieted_total", "Times that a session's payload stopped for lack of evidence.", "profile"
)
SESSIONS_LIMITED = _gauge(
    "sessions_limited",
    "Live sessions limited by a budget or an overload step instead of their line.",
    "profile",
)
HANDSHAKES_REFUSED = _counter(
    "handshakes_refused_total", "WebSocket upgrades refused, and connections closed before one.", "reason"
)
PROTOCOL_ERRORS = _counter("protocol_errors_total", "Protocol errors of clients.", "kind")
PAYLOAD = _counter(
    "payload_bytes_total",
    "Payload without framing: download as passed to the transport, upload as received.",
    "profile",
    "direction",
)
PAYLOAD_DROPPED = _counter(
    "payload_dropped_bytes_total",
    "Payload that was due and dropped. Cause late: the daemon was late; gate: no evidence of a client, or a lower "
    "rate; connection: the line, or this machine, accepted less.",
    "profile",
    "direction",
    "cause",
)
PINGS_SENT = _counter("pings_sent_total", "WebSocket pings sent to clients.", "profile")
PINGS_ANSWERED = _counter("pings_answered_total", "WebSocket pings that clients answered.", "profile")
PROBE_FAILURES = _counter("probe_failures_total", "Probe timeouts that passed without evidence of a client.", "profile")
ROUND_TRIP = _histogram(
    "round_trip_seconds", "Time from a WebSocket ping to its pong.", worker_timing.ROUND_TRIP_BINS_S
)
TCP_ROUND_TRIP = _histogram(
    "tcp_round_trip_seconds",
    "The kernel's smoothed round trip on connections of sessions, sampled 20 times a second; none behind a proxy.",
    worker_timing.ROUND_TRIP_BINS_S,
)
EVIDENCE_AGE = _histogram(
    "evidence_age_seconds",
    "Age of the last evidence of the client, for every live session at every control pass.",
    worker_timing.EVIDENCE_AGE_BINS_S,
)
TCP_SENT = _counter(
    "tcp_sent_bytes_total", "Bytes that TCP sent for sessions, including retransmitted ones.", "profile"
)
TCP_RETRANSMITTED = _counter("tcp_retransmitted_bytes_total", "Bytes that TCP retransmitted.", "profile")
TCP_RETRANSMITTED_SEGMENTS = _counter("tcp_retransmitted_segments_total", "Segments that TCP retransmitted.", "profile")
TCP_UNSENT = _gauge("tcp_unsent_bytes", "Unsent bytes of live sessions in the kernel.", "profile")
TCP_UNACKED = _gauge("tcp_unacked_segments", "Unacknowledged segments of live sessions.", "profile")
WRITE_BUFFER = _gauge("write_buffer_bytes", "Bytes of live sessions in the daemon's write buffers.", "profile")
TICK_LATENESS = _histogram(
    "tick_lateness_seconds",
    "Delay of a session's payload timer.",
    worker_timing.TICK_LATENESS_BINS_S,
    each_worker=True,
)
PASS_GAP = _histogram(
    "control_pass_gap_seconds",
    "Time between the starts of two control passes; 0.25 is planned.",
    worker_timing.PASS_GAP_BINS_S,
    each_worker=True,
)
PASS_DURATION = _histogram(
    "control_pass_duration_seconds",
    "Duration of a control pass.",
    worker_timing.PASS_DURATION_BINS_S,
    each_worker=True,
)
OVERLOAD_STEP = _gauge(
    "overload_step",
    "Step taken against overload: 0 none, 1 new runs refused, 2 bulk slowed, 3 bulk shed, 4 all stopped.",
    each_worker=True,
)
SLOW_PASSES = _counter(
    "control_slow_passes_total", "Control passes that began more than 0.5 s after the previous one.", each_worker=True
)
CONNECTIONS = _gauge("connections", "Client connections, with and without a session.", each_worker=True)
WATCHES = _gauge("watches", "Watches of sessions through the control API.", each_worker=True)
TASKS = _gauge("tasks", "Tasks of the event loop.", each_worker=True)

WORKER_UP = _gauge("worker_up", "1 while the worker answers, else 0.", "worker")
WORKER_RESTARTS = _counter("worker_restarts_total", "Restarts of the worker.", "worker")
SERVER_STATE = _gauge("server_state", "1 for the daemon's state, 0 for the others.", "state")
START_TIME = _gauge("start_time_seconds", "Unix time of the daemon's start.")
BUILD_INFO = _gauge("build_info", "Always 1; the labels are the versions.", "version", "python")
CERTIFICATE_EXPIRES = _gauge(
    "certificate_expiry_timestamp_seconds", "Unix time at which the certificate expires; absent without TLS."
)

HISTORY_UP = _gauge("history_up", "0 if the last write to the history failed, else 1; absent without a history.")
HISTORY_PROBLEM = _gauge(
    "history_problem", "1 for the reason why the history cannot be written, 0 for the others.", "reason"
)
HISTORY_WARNINGS = _gauge(
    "history_warnings", "Warnings about the history, such as an untrusted clock; householdctl health shows them."
)
HISTORY_WAITING = _gauge("history_waiting", "Sessions and runs waiting to be written to the history.")
HISTORY_WRITTEN = _counter("history_written_total", "Sessions and runs written to the history.")
RUNS = _counter(
    "runs_total",
    "Runs passed to the history, by where their delay was. Counts: whether the run does.",
    "cause",
    "counts",
)
RUNS_HURTING = _counter(
    "runs_hurting_total",
    "Runs of both directions that count and are a B or worse, by the direction that hurts.",
    "stretch",
)
HISTORY_DROPPED = _counter("history_dropped_total", "Sessions and runs that the history lost.")
WEBHOOK_WAITING = _gauge(
    "webhook_waiting", "Runs waiting for the webhook; absent without one, like all webhook metrics."
)
WEBHOOK_DELIVERED = _counter("webhook_delivered_total", "Runs that the webhook's receiver accepted.")
WEBHOOK_FAILED_AT = _gauge(
    "webhook_failure_timestamp_seconds",
    "Unix time of the last attempt if it failed; absent if it succeeded.",
)
WEBHOOK_NEXT_ATTEMPT = _gauge(
    "webhook_next_attempt_timestamp_seconds",
    "Unix time of the next attempt; absent while no run waits.",
)
WEBHOOK_FAILED = _counter("webhook_failed_attempts_total", "Failed attempts to deliver a run.")
WEBHOOK_DROPPED = _counter(
    "webhook_dropped_total", "Runs given up: refused by the receiver, older than a day, or over the queue's limit."
)

SUPERVISOR_TASKS = _gauge(
    "supervisor_tasks", "Tasks of the supervisor's event loop, including those of control connections and RPCs."
)
RPCS = _counter("rpcs_total", "Completed calls of the control API, including those of workers.", "method", "code")
RPC_TIME = _histogram(
    "rpc_duration_seconds", "Duration of a call of the control API, except streams.", RPC_DURATION, "method"
)
RPCS_IN_PROGRESS = _gauge("rpcs_in_progress", "Calls of the control API in progress, including streams.", "method")

LOG_LINES_DROPPED = _counter(
    "log_lines_dropped_total",
    "Log lines lost because standard error was blocked. Role: supervisor, or worker for all workers.",
    "role",
)

PROCESS_CPU = _counter(
    "process_cpu_seconds_total",
    "User and system CPU time; for a worker, including its earlier processes as last read.",
    "process",
)
PROCESS_RESIDENT = _gauge("process_resident_memory_bytes", "Resident memory.", "process")
PROCESS_OPEN_FDS = _gauge("process_open_fds", "Open file descriptors.", "process")
PROCESS_MAX_FDS = _gauge("process_max_fds", "Limit of open file descriptors.", "process")
PROCESS_THREADS = _gauge("process_threads", "Threads of the operating system.", "process")

FAMILIES: dict[str, Family] = {
    family.name: family for family in tuple(globals().values()) if isinstance(family, Family)
}
"""By name, in order."""
