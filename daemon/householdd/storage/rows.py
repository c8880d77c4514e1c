"""Rows of the history as plain values. Times are Unix time in seconds, rates bit/s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionRow:
    """An ended session."""

    id: str
    run_id: str | None
    """The stored run of the session; None if unknown."""
    user_id: str
    test_id: str
    profile: str
    server: str
    """Host name of the machine."""
    worker: str
    address: str | None
    """The client's address, whole or truncated; None if addresses are not kept."""
    address_block: str | None
    """The network of the address."""
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
    """None, as the other values of TCP, if the session ended before they were read."""
    tcp_min_round_trip_s: float | None
    tcp_retransmits: int | None
    tcp_delivery_rate_bps: float | None
    congestion_control: str | None
    server_limited: bool | None = None
    """Whether budgets limited the session; None for sessions of schema version 2 and earlier."""


@dataclass(frozen=True)
class PersonRow:
    """The result of a person in a run, as reported by the client."""

    who: str
    activity: str
    score: float | None
    verdict: str


SERVER = "server"
"""``client`` of a run that no client reported."""


@dataclass(frozen=True)
class RunRow:
    """A finished run: measured by the client, graded by the server."""

    id: str
    stored_at: float
    ended_at: float
    """Time of the client's clock."""
    session_id: str
    """The session of the report."""
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
    """The client's report, as JSON."""
    people: tuple[PersonRow, ...] = ()


@dataclass(frozen=True)
class RunLink:
    """Sessions that ended before their run was reported."""

    run_id: str
    session_ids: tuple[str, ...]


Item = SessionRow | RunRow | RunLink
