"""Rows of the history. Times are Unix time in seconds, rates bit/s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionRow:
    """Ended session."""

    id: str
    run_id: str | None
    """None if unknown."""
    user_id: str
    test_id: str
    profile: str
    server: str
    worker: str
    address: str | None
    """Whole or truncated; None if not kept."""
    address_block: str | None
    user_agent: str
    opened_at: float
    closed_at: float
    reason: str
    """Word of CloseReason."""
    detail: str
    sent_bytes: int
    received_bytes: int
    target_download_bps: float
    target_upload_bps: float
    probe_failures: int
    round_trip_s: float | None
    tcp_round_trip_s: float | None
    """None, as other TCP values, if the session ended before they were read."""
    tcp_min_round_trip_s: float | None
    tcp_retransmits: int | None
    tcp_delivery_rate_bps: float | None
    congestion_control: str | None
    server_limited: bool | None = None
    """None for sessions of schema version 2 and earlier."""
    client_limited: bool | None = None
    """None, as all below, for sessions of schema version 4 and earlier."""
    server_overloaded: bool | None = None
    tcp_receiver_limited: float | None = None
    """Share of the time with data to send."""
    tcp_round_trip_samples: int | None = None
    tcp_round_trip_p50_s: float | None = None
    tcp_round_trip_p95_s: float | None = None
    tcp_round_trip_p99_s: float | None = None


@dataclass(frozen=True)
class PersonRow:
    """Result of a person, as reported."""

    who: str
    activity: str
    score: float | None
    verdict: str


@dataclass(frozen=True)
class StretchRow:
    """Part of a run, graded by the server; see ``RunRow``."""

    stretch: str
    from_s: float
    """Since the run began."""
    until_s: float
    valid: bool
    grade: str | None
    increase_p95_ms: float | None
    cause: str
    rate_cause: str
    witness: str | None
    kernel_baseline_ms: float | None
    kernel_increase_p95_ms: float | None


SERVER = "server"
"""``client`` of a run that no client reported."""


@dataclass(frozen=True)
class RunRow:
    """Finished run, graded by the server. With stretches, its figures and people are those of the worst."""

    id: str
    stored_at: float
    ended_at: float
    """By the client's clock."""
    session_id: str
    """Session of the report."""
    test_id: str
    server: str
    address: str | None
    address_block: str | None
    user_agent: str
    client: str
    client_version: str
    valid: bool
    grade: str | None
    baseline_ms: float | None
    increase_p95_ms: float | None
    report: str
    """JSON."""
    people: tuple[PersonRow, ...] = ()
    cause: str | None = None
    """Cause of the delay; None, as all below, for runs of schema version 4 and earlier."""
    rate_cause: str | None = None
    witness: str | None = None
    """Whose round trips carry the grade; None also if no one's do."""
    kernel_baseline_ms: float | None = None
    """None also unless the kernel measured the client's path."""
    kernel_increase_p95_ms: float | None = None
    stretches: tuple[StretchRow, ...] = ()
    """In order of time; empty for a load of downloads only."""
    hurting: str | None = None
    """Direction that hurts; None if none does, and without stretches."""


@dataclass(frozen=True)
class RunLink:
    """Sessions that ended before their run was reported."""

    run_id: str
    session_ids: tuple[str, ...]


Item = SessionRow | RunRow | RunLink
