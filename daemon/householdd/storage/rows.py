"""What is kept, as plain values. Times are Unix time in seconds, rates bit/s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionRow:
    """An ended session."""

    id: str
    run_id: str | None
    """The stored run that it belongs to, where that is known."""
    user_id: str
    test_id: str
    profile: str
    server: str
    """Host name of the machine."""
    worker: str
    address: str | None
    """The client's address, whole or truncated; None where addresses are not kept."""
    address_block: str | None
    """The network around it."""
    user_agent: str
    opened_at: float
    closed_at: float
    reason: str
    """A word of CloseReason."""
    detail: str
    sent_bytes: int
    received_bytes: int
    target_download_bps: float
    target_upload_bps: float
    probe_failures: int
    round_trip_s: float | None
    tcp_round_trip_s: float | None
    """This and the following are None of a session that ended before the kernel was asked."""
    tcp_min_round_trip_s: float | None
    tcp_retransmits: int | None
    tcp_delivery_rate_bps: float | None
    congestion_control: str | None
    server_limited: bool | None = None
    """Whether budgets were the limit; None of a session that ended before this was kept."""


@dataclass(frozen=True)
class PersonRow:
    """How it was for one person of a run, as the client says."""

    who: str
    activity: str
    score: float | None
    verdict: str


SERVER = "server"
"""The ``client`` of a run that no client reported."""


@dataclass(frozen=True)
class RunRow:
    """A finished run. Its figures are the client's, its grade is the server's."""

    id: str
    stored_at: float
    ended_at: float
    """By the client's clock."""
    session_id: str
    """The session that it was reported on."""
    test_id: str
    server: str
    address: str | None
    address_block: str | None
    user_agent: str
    client: str
    """``page``, ``householdctl``, or ``SERVER``."""
    client_version: str
    valid: bool
    grade: str | None
    baseline_ms: float | None
    increase_p95_ms: float | None
    report: str
    """The client's report, JSON."""
    people: tuple[PersonRow, ...] = ()


@dataclass(frozen=True)
class RunLink:
    """Sessions that ended before their run was reported."""

    run_id: str
    session_ids: tuple[str, ...]


Item = SessionRow | RunRow | RunLink
