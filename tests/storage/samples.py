"""Sample rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from householdd.storage.rows import PersonRow, RunRow, SessionRow, StretchRow

NOW = 1_795_000_000.0

SESSION = SessionRow(
    id="00000000-0000-4000-8000-000000000000",
    run_id=None,
    user_id="alex_42",
    test_id="42",
    profile="alex",
    server="speed-1",
    worker="0",
    address="192.0.2.0/24",
    address_block="192.0.2.0/24",
    user_agent="Browser/1.0",
    opened_at=NOW - 30,
    closed_at=NOW,
    reason="client_stopped",
    detail="",
    sent_bytes=2**40,
    received_bytes=1000,
    target_download_bps=1.5e6,
    target_upload_bps=0.75e6,
    probe_failures=0,
    round_trip_s=0.02,
    tcp_round_trip_s=0.021,
    tcp_receiver_limited=0.125,
    tcp_round_trip_samples=4_876,
    tcp_round_trip_p50_s=0.02,
    tcp_round_trip_p95_s=0.03,
    tcp_round_trip_p99_s=0.04,
    client_limited=False,
    server_overloaded=False,
    tcp_min_round_trip_s=None,
    tcp_retransmits=3,
    tcp_delivery_rate_bps=5e9,
    congestion_control="cubic",
    server_limited=True,
)

STRETCHES = (
    StretchRow("download", 10.0, 23.0, True, "A", 12.5, "line", "device", "application", 9.5, 13.0),
    StretchRow("upload", 23.0, 36.0, True, "B", 40.0, "line", "unknown", "application", 9.5, 41.0),
    StretchRow("both", 36.0, 49.0, True, "A+", None, "unknown", "device", None, None, None),
)

RUN = RunRow(
    id="a" * 24,
    stored_at=NOW,
    ended_at=NOW - 1,
    session_id=SESSION.id,
    test_id="42",
    server="speed-1",
    address="192.0.2.0/24",
    address_block="192.0.2.0/24",
    user_agent="Browser/1.0",
    client="page",
    client_version="0.1.0",
    valid=True,
    grade="B",
    baseline_ms=10.0,
    increase_p95_ms=40.0,
    report='{"type":"run_report"}',
    people=(
        PersonRow("alex", "gaming", 90.5, "verdict.gaming.excellent"),
        PersonRow("sarah", "video_call", None, "verdict.video_call.unknown"),
    ),
    cause="line",
    rate_cause="device",
    witness="application",
    kernel_baseline_ms=9.5,
    kernel_increase_p95_ms=41.0,
    stretches=STRETCHES,
    hurting="upload",
)

OLDER: dict[str, Any] = {
    **dict.fromkeys(("cause", "rate_cause", "witness", "kernel_baseline_ms", "kernel_increase_p95_ms", "hurting")),
    "stretches": (),
}
"""What a run of schema version 4 does not have."""


def session(number: int, **changes: Any) -> SessionRow:
    """Return a session whose id has ``number``."""
    return replace(SESSION, id=f"00000000-0000-4000-8000-{number:012}", **changes)


def run(number: int, **changes: Any) -> RunRow:
    """Return a run whose id has ``number``."""
    return replace(RUN, id=f"{number:024x}", **changes)
