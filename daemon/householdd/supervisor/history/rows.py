"""Sessions and runs as rows of the history, and as public JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from household.v1 import session_pb2
from householdd.api.convert import reason_word, seconds, unix
from householdd.clients.addresses import address_block, split_host_port
from householdd.measure.run_report import encode
from householdd.storage.rows import SERVER, PersonRow, RunRow, SessionRow, StretchRow
from householdd.supervisor.history.judged_run import JudgedRun, JudgedStretch

Addresses = Literal["whole", "truncated", "none"]
"""Form in which clients' addresses are kept."""


def kept_addresses(peer_address: str, addresses: Addresses) -> tuple[str | None, str | None]:
    """Return a client's address and its block, in the form kept."""
    host, _ = split_host_port(peer_address)
    match addresses:
        case "whole":
            return host, address_block(host)
        case "truncated":
            return address_block(host), address_block(host)
        case "none":
            return None, None


def session_row(session: session_pb2.Session, run_id: str | None, server: str, addresses: Addresses) -> SessionRow:
    connection = session.connection if session.HasField("connection") else None
    samples = connection.samples if connection and connection.HasField("samples") else None
    address, address_block = kept_addresses(session.peer_address, addresses)
    return SessionRow(
        id=session.id,
        run_id=run_id,
        user_id=session.user_id,
        test_id=session.test_id,
        profile=session.profile,
        server=server,
        worker=session.worker,
        address=address,
        address_block=address_block,
        user_agent=session.user_agent,
        opened_at=unix(session.opened_at),
        closed_at=unix(session.closed_at),
        reason=reason_word(session.close_reason),
        detail=session.close_detail,
        sent_bytes=session.sent_bytes,
        received_bytes=session.received_bytes,
        target_download_bps=session.target_download_bps,
        target_upload_bps=session.target_upload_bps,
        probe_failures=session.probe_failures,
        round_trip_s=seconds(session.round_trip) if session.HasField("round_trip") else None,
        tcp_round_trip_s=seconds(connection.round_trip) if connection else None,
        tcp_min_round_trip_s=seconds(connection.min_round_trip)
        if connection and connection.HasField("min_round_trip")
        else None,
        tcp_retransmits=connection.retransmits if connection else None,
        tcp_delivery_rate_bps=connection.delivery_rate_bps if connection else None,
        congestion_control=connection.congestion_control if connection else None,
        server_limited=session.server_limited,
        client_limited=session.client_limited,
        server_overloaded=session.server_overloaded,
        tcp_receiver_limited=connection.receiver_limited
        if connection and connection.HasField("receiver_limited")
        else None,
        tcp_round_trip_samples=samples.count if samples else None,
        tcp_round_trip_p50_s=seconds(samples.p50) if samples else None,
        tcp_round_trip_p95_s=seconds(samples.p95) if samples else None,
        tcp_round_trip_p99_s=seconds(samples.p99) if samples else None,
    )


def run_row(  # noqa: PLR0913 - what a run comes with
    run_id: str,
    judged: JudgedRun,
    session: session_pb2.Session,
    *,
    stored_at: float,
    server: str,
    addresses: Addresses,
) -> RunRow:
    """Return the row of a run reported on ``session``."""
    report, worst = judged.report, judged.worst
    figures, attribution = worst.figures, worst.attribution
    address, address_block = kept_addresses(session.peer_address, addresses)
    return RunRow(
        id=run_id,
        stored_at=stored_at,
        ended_at=report.ended_at / 1e3,
        session_id=session.id,
        test_id=session.test_id,
        server=server,
        address=address,
        address_block=address_block,
        user_agent=session.user_agent,
        client=report.client.kind,
        client_version=report.client.version,
        valid=worst.valid,
        grade=worst.grade,
        baseline_ms=report.baseline_ms,
        increase_p95_ms=figures.increase_p95_ms,
        report=encode(report).decode(),
        people=tuple(PersonRow(each.who, each.activity, each.score, each.verdict) for each in figures.people),
        cause=attribution.cause,
        rate_cause=attribution.rate,
        witness=attribution.witness,
        kernel_baseline_ms=attribution.kernel_baseline_ms,
        kernel_increase_p95_ms=attribution.kernel_increase_p95_ms,
        stretches=tuple(_stretch_row(part) for part in judged.parts if report.stretches),
        hurting=judged.hurting,
    )


def _stretch_row(judged: JudgedStretch) -> StretchRow:
    reported, attribution = judged.figures.stretches[0], judged.attribution
    return StretchRow(
        stretch=judged.stretch,
        from_s=reported.from_s,
        until_s=reported.until_s,
        valid=judged.valid,
        grade=judged.grade,
        increase_p95_ms=judged.figures.increase_p95_ms,
        cause=attribution.cause,
        rate_cause=attribution.rate,
        witness=attribution.witness,
        kernel_baseline_ms=attribution.kernel_baseline_ms,
        kernel_increase_p95_ms=attribution.kernel_increase_p95_ms,
    )


class SharedSession(msgspec.Struct, frozen=True):
    """The server's record of one session of a run."""

    profile: str
    reason: str
    duration_s: float
    sent_bytes: int
    received_bytes: int
    tcp_round_trip_ms: float | None
    tcp_min_round_trip_ms: float | None
    tcp_retransmits: int | None
    tcp_delivery_rate_bps: float | None
    congestion_control: str | None
    server_limited: bool | None
    client_limited: bool | None
    tcp_round_trip_p95_ms: float | None
    tcp_receiver_limited: float | None


class SharedRun(msgspec.Struct, frozen=True):
    """A run as shown to anyone with its id: no address, User-Agent, or label chosen by the client."""

    id: str
    stored_at: float
    """Unix time by the server's clock, in milliseconds."""
    valid: bool
    grade: str | None
    baseline_ms: float | None
    increase_p95_ms: float | None
    source: Literal["client", "server"]
    """Origin of the figures."""
    cause: str | None
    """Cause of the delay; None, as the next four, for runs of older daemons."""
    rate_cause: str | None
    witness: str | None
    """Whose round trips carry the grade."""
    kernel_baseline_ms: float | None
    kernel_increase_p95_ms: float | None
    stretches: tuple[StretchRow, ...]
    """In order of time; empty for a load of downloads only. The figures above are those of the worst."""
    hurting: str | None
    """Direction that hurts."""
    report: msgspec.Raw
    """The client's report, as stored."""
    sessions: list[SharedSession]


def shared_run(run: RunRow, sessions: Sequence[SessionRow]) -> bytes:
    """Return the public JSON of a run."""
    return msgspec.json.encode(_shown(run, sessions))


def _shown(run: RunRow, sessions: Sequence[SessionRow]) -> SharedRun:
    return SharedRun(
        id=run.id,
        stored_at=run.stored_at * 1e3,
        valid=run.valid,
        grade=run.grade,
        baseline_ms=run.baseline_ms,
        increase_p95_ms=run.increase_p95_ms,
        source="server" if run.client == SERVER else "client",
        cause=run.cause,
        rate_cause=run.rate_cause,
        witness=run.witness,
        kernel_baseline_ms=run.kernel_baseline_ms,
        kernel_increase_p95_ms=run.kernel_increase_p95_ms,
        stretches=run.stretches,
        hurting=run.hurting,
        report=msgspec.Raw(run.report.encode()),
        sessions=[_shared_session(session) for session in sessions],
    )


class AnnouncedRun(SharedRun, frozen=True, tag="run_stored"):
    """A run as posted to the webhook, with its origin as far as that is kept."""

    path: str | None
    """Permalink relative to the page's URL; None without permalinks."""
    url: str | None
    """Whole permalink; None without permalinks or ``public_url``."""
    server: str
    address: str | None
    """Address in the form kept."""


def announced_run(run: RunRow, sessions: Sequence[SessionRow], *, permalinks: bool, public_url: str | None) -> bytes:
    """Return the JSON for the webhook, with a link to the page at ``public_url`` if ``permalinks``."""
    path = f"?run={run.id}" if permalinks else None
    return msgspec.json.encode(
        AnnouncedRun(
            **msgspec.structs.asdict(_shown(run, sessions)),
            path=path,
            url=f"{public_url}{path}" if public_url and path else None,
            server=run.server,
            address=run.address,
        )
    )


def _shared_session(session: SessionRow) -> SharedSession:
    return SharedSession(
        profile=session.profile,
        reason=session.reason,
        duration_s=round(session.closed_at - session.opened_at, 3),
        sent_bytes=session.sent_bytes,
        received_bytes=session.received_bytes,
        tcp_round_trip_ms=_milliseconds(session.tcp_round_trip_s),
        tcp_min_round_trip_ms=_milliseconds(session.tcp_min_round_trip_s),
        tcp_retransmits=session.tcp_retransmits,
        tcp_delivery_rate_bps=session.tcp_delivery_rate_bps,
        congestion_control=session.congestion_control,
        server_limited=session.server_limited,
        client_limited=session.client_limited,
        tcp_round_trip_p95_ms=_milliseconds(session.tcp_round_trip_p95_s),
        tcp_receiver_limited=session.tcp_receiver_limited,
    )


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value * 1e3, 3)
