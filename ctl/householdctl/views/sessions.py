"""Sessions, blocks and breakers for people."""

from __future__ import annotations

import time
from datetime import UTC
from typing import TYPE_CHECKING

from household.v1.session_pb2 import CloseReason, EvidenceKind, SessionState, Verdict
from household.v1.session_service_pb2 import BreakerState, KillOutcome, WatchEvent
from householdctl.output.serialize import Tagged
from householdctl.output.tables import Column
from householdctl.values.enums import short_name
from householdctl.values.units import (
    format_age,
    format_ago,
    format_bytes,
    format_duration,
    format_rate,
    format_round_trip,
    seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.timestamp_pb2 import Timestamp

    from household.v1.session_pb2 import Connection, Session, Timeouts
    from household.v1.session_service_pb2 import Block, Breaker, KillResult, WatchSessionsResponse


def facts(session: Session) -> list[tuple[str, str]]:
    lines = [
        ("id", session.id),
        ("user", session.user_id),
        ("test id", session.test_id or "-"),
        ("profile", session.profile),
        ("state", short_name(SessionState, session.state)),
        ("peer", session.peer_address),
        ("user agent", session.user_agent or "-"),
        ("worker", session.worker),
        ("opened", local_time(session.opened_at)),
    ]
    if session.HasField("closed_at"):
        lines += [
            ("closed", local_time(session.closed_at)),
            ("close reason", short_name(CloseReason, session.close_reason)),
            ("close detail", session.close_detail or "-"),
        ]
    return [
        *lines,
        ("age", format_age(seconds(session.age))),
        ("last evidence", f"{_evidence(session)} ago" if session.HasField("evidence_age") else _evidence(session)),
        *_verdict_facts(session),
        ("sent", f"{format_bytes(session.sent_bytes)} ({session.sent_bytes} bytes)"),
        ("received", f"{format_bytes(session.received_bytes)} ({session.received_bytes} bytes)"),
        ("download", f"{format_rate(session.actual_download_bps)} of {format_rate(session.target_download_bps)}"),
        ("upload", f"{format_rate(session.actual_upload_bps)} of {format_rate(session.target_upload_bps)}"),
        *_budget_facts(session),
        ("round trip", _round_trip(session)),
        ("probe failures", str(session.probe_failures)),
        *_connection_facts(session),
        *((f"timeout {name}", value) for name, value in timeout_facts(session.timeouts)),
    ]


def _budget_facts(session: Session) -> list[tuple[str, str]]:
    lines = [
        ("server limited", "yes" if session.server_limited else "no"),
        ("client limited", "yes" if session.client_limited else "no"),
        ("server overloaded", "yes" if session.server_overloaded else "no"),
    ]
    for name, value in (("download", "limit_download_bps"), ("upload", "limit_upload_bps")):
        if session.HasField(value):  # type: ignore[arg-type]  # the names are two of the message
            lines.append((f"{name} limit", format_rate(getattr(session, value))))
    return lines


def timeout_facts(timeouts: Timeouts) -> list[tuple[str, str]]:
    """Return the deadlines that are set."""
    lines = []
    for field, value in timeouts.ListFields():
        text = format_duration(seconds(value)) if field.message_type else str(value)
        lines.append((field.name.replace("_", " "), text))
    return lines


def search_text(session: Session) -> str:
    words = (short_name(SessionState, session.state), _verdict(session))
    return " ".join((session.id, session.user_id, session.profile, session.peer_address, session.worker, *words))


def event_line(message: WatchSessionsResponse) -> str:
    """Return time, event, session, and short details."""
    event = short_name(WatchEvent, message.event)
    line = f"{local_time(message.at)}  {event:<12}"
    if not message.HasField("session"):
        return line.rstrip()
    session = message.session
    line += f"  {session.id}  {session.user_id}  {session.profile}  {short_name(SessionState, session.state)}"
    if session.close_reason:
        detail = f" ({session.close_detail})" if session.close_detail else ""
        age = format_age(seconds(session.age))
        amounts = f"{format_bytes(session.sent_bytes)} down, {format_bytes(session.received_bytes)} up"
        return f"{line}  {short_name(CloseReason, session.close_reason)}{detail}  after {age}  {amounts}"
    return f"{line}  {session.peer_address}"


def not_found(results: Iterable[KillResult | Tagged]) -> bool:
    plain = (result.message if isinstance(result, Tagged) else result for result in results)
    return any(result.outcome == KillOutcome.KILL_OUTCOME_NOT_FOUND for result in plain)


def local_time(moment: Timestamp) -> str:
    """Return milliseconds too; "-" if not set."""
    if not moment.ListFields():
        return "-"
    local = moment.ToDatetime(tzinfo=UTC).astimezone()
    return local.isoformat(sep=" ", timespec="milliseconds")


def ago(moment: Timestamp) -> str:
    """Return an age, beyond a month a date; "-" if not set."""
    if not moment.ListFields():
        return "-"
    return format_ago(time.time() - moment.ToNanoseconds() / 1e9) or local_time(moment)[:10]


def _evidence(session: Session) -> str:
    if not session.evidence_kind:
        return "-"
    kind = short_name(EvidenceKind, session.evidence_kind).lower()
    return f"{kind} {format_age(seconds(session.evidence_age))}"


def _verdict(session: Session) -> str:
    return short_name(Verdict, session.verdict) if session.verdict else "-"


def _verdict_facts(session: Session) -> list[tuple[str, str]]:
    if not session.verdict:
        return []
    return [
        ("verdict", _verdict(session)),
        ("last answer", f"{_seconds(session.answer_age)} ago"),
        ("payload stops after", f"{_seconds(session.effective_probe_timeout)} without evidence"),
        ("session ends after", f"{_seconds(session.effective_inactivity)} without an answer"),
    ]


def _connection_facts(session: Session) -> list[tuple[str, str]]:
    if not session.HasField("connection"):
        return []
    connection = session.connection
    least = _seconds(connection.min_round_trip) if connection.HasField("min_round_trip") else "-"
    lasting = [
        ("TCP round trip", f"{_seconds(connection.round_trip)}, least {least}"),
        *samples_facts(connection),
        ("TCP retransmits", str(connection.retransmits)),
        ("TCP delivery rate", format_rate(connection.delivery_rate_bps)),
        ("congestion control", connection.congestion_control),
    ]
    if not connection.HasField("ack_age"):
        # Nothing is in flight.
        return lasting
    return [
        *lasting,
        (
            "TCP in flight",
            f"{connection.unacked_segments} segments, last acknowledged {_seconds(connection.ack_age)} ago",
        ),
        (
            "unsent",
            f"{format_bytes(connection.unsent_bytes)} in the kernel, {format_bytes(connection.buffered_bytes)} before",
        ),
    ]


def samples_facts(connection: Connection) -> list[tuple[str, str]]:
    """Return percentiles of the kernel's round trips, and the share of the time in which the device was the limit."""
    lines = []
    if connection.HasField("samples"):
        samples = connection.samples
        p50, p95, p99 = (format_round_trip(seconds(each)) for each in (samples.p50, samples.p95, samples.p99))
        lines.append(("TCP round trips", f"{p50} median, {p95} p95, {p99} p99 of {samples.count} samples"))
    if connection.HasField("receiver_limited"):
        lines.append(("limited by its receiver", f"{connection.receiver_limited:.1%} of the time with data to send"))
    return lines


def _seconds(duration: Duration) -> str:
    return format_duration(round(seconds(duration), 3))


def _retransmits(session: Session) -> str:
    return str(session.connection.retransmits) if session.HasField("connection") else "-"


def _unsent(session: Session) -> str:
    if not session.HasField("connection"):
        return "-"
    return format_bytes(session.connection.unsent_bytes + session.connection.buffered_bytes)


def _round_trip(session: Session) -> str:
    if not session.HasField("round_trip"):
        return "-"
    return format_round_trip(seconds(session.round_trip))


COLUMNS: tuple[Column[Session], ...] = (
    Column("ID", lambda session: session.id, ids=True, field="id"),
    Column("USER", lambda session: session.user_id, field="user_id"),
    Column("TEST", lambda session: session.test_id or "-", wide=True, field="test_id"),
    Column("PROFILE", lambda session: session.profile, rank=1, field="profile"),
    Column("STATE", lambda session: short_name(SessionState, session.state), field="state"),
    Column("VERDICT", _verdict, rank=2, field="verdict"),
    Column("OPENED", lambda session: local_time(session.opened_at), wide=True, field="opened_at"),
    Column("AGE", lambda session: format_age(seconds(session.age)), right=True, field="age"),
    Column("EVIDENCE", _evidence, rank=6, field="evidence_age"),
    Column(
        "DOWN",
        lambda session: format_rate(session.actual_download_bps),
        right=True,
        rank=4,
        field="actual_download_bps",
    ),
    Column("UP", lambda session: format_rate(session.actual_upload_bps), right=True, rank=5, field="actual_upload_bps"),
    Column("SENT", lambda session: format_bytes(session.sent_bytes), right=True, rank=8, field="sent_bytes"),
    Column(
        "RECEIVED", lambda session: format_bytes(session.received_bytes), right=True, rank=9, field="received_bytes"
    ),
    Column("RTT", _round_trip, right=True, rank=7, field="round_trip"),
    Column("PROBE FAILURES", lambda session: str(session.probe_failures), right=True, rank=11, field="probe_failures"),
    Column("RETRANSMITS", _retransmits, right=True, wide=True, field="retransmits"),
    Column("UNSENT", _unsent, right=True, wide=True, field="unsent_bytes"),
    Column("WORKER", lambda session: session.worker, rank=10, field="worker"),
    Column("PEER", lambda session: session.peer_address, rank=3, field="peer_address"),
    Column("USER AGENT", lambda session: session.user_agent or "-", wide=True, field="user_agent"),
)

TOP_COLUMNS: tuple[Column[Session], ...] = (
    Column("USER", lambda session: session.user_id, field="user_id"),
    Column("PROFILE", lambda session: session.profile, rank=2, field="profile"),
    Column("STATE", lambda session: short_name(SessionState, session.state), field="state"),
    Column("VERDICT", _verdict, field="verdict"),
    Column("AGE", lambda session: format_age(seconds(session.age)), right=True, field="age"),
    Column("EVIDENCE", _evidence, rank=4, field="evidence_age"),
    Column("DOWN", lambda session: format_rate(session.actual_download_bps), right=True, field="actual_download_bps"),
    Column("UP", lambda session: format_rate(session.actual_upload_bps), right=True, rank=1, field="actual_upload_bps"),
    Column("SENT", lambda session: format_bytes(session.sent_bytes), right=True, rank=6, field="sent_bytes"),
    Column("RTT", _round_trip, right=True, rank=1, field="round_trip"),
    Column("WORKER", lambda session: session.worker, rank=5, field="worker"),
    Column("PEER", lambda session: session.peer_address, rank=3, field="peer_address"),
    # A row of several sessions has no id.
    Column("ID", lambda session: session.id or "-", rank=7, ids=True, field="id"),
)


def kill_columns(*, dry_run: bool) -> tuple[Column[KillResult], ...]:
    return (
        Column("ID", lambda result: result.id, ids=True),
        Column("OUTCOME", lambda result: kill_outcome(result, dry_run=dry_run)),
        Column("PEER", lambda result: result.peer_address or "-", wide=True),
    )


def kill_outcome(result: KillResult, *, dry_run: bool = False) -> str:
    outcome = short_name(KillOutcome, result.outcome).lower().replace("_", " ")
    hit = result.outcome in (KillOutcome.KILL_OUTCOME_KILLED, KillOutcome.KILL_OUTCOME_SCHEDULED)
    return f"would be {outcome}" if dry_run and hit else outcome


def lifted_columns(*, dry_run: bool) -> tuple[Column[Block], ...]:
    return (
        Column("ADDRESS", lambda block: block.address),
        Column("OUTCOME", lambda _: "would be lifted" if dry_run else "lifted"),
        Column("SINCE", lambda block: local_time(block.created_at), wide=True),
        Column("REASON", lambda block: block.reason),
    )


def reset_columns(*, dry_run: bool) -> tuple[Column[Breaker], ...]:
    return (
        Column("ADDRESS", lambda breaker: breaker.address),
        Column("PROFILE", lambda breaker: breaker.profile or "all"),
        Column("OUTCOME", lambda _: "would be reset" if dry_run else "reset"),
        Column("FAILURES", lambda breaker: str(breaker.failures), right=True),
    )


BREAKER_COLUMNS: tuple[Column[Breaker], ...] = (
    Column("ADDRESS", lambda breaker: breaker.address),
    Column("PROFILE", lambda breaker: breaker.profile or "all"),
    Column("STATE", lambda breaker: short_name(BreakerState, breaker.state).lower().replace("_", " ")),
    Column("LEFT", lambda breaker: format_age(seconds(breaker.left)), right=True),
    Column("LENGTH", lambda breaker: format_age(seconds(breaker.length)), right=True),
    Column("FAILURES", lambda breaker: str(breaker.failures), right=True),
    Column("SINCE", lambda breaker: local_time(breaker.opened_at), wide=True),
)
BLOCK_COLUMNS: tuple[Column[Block], ...] = (
    Column("ADDRESS", lambda block: block.address),
    Column("LEFT", lambda block: format_age(seconds(block.left)), right=True),
    Column("UNTIL", lambda block: local_time(block.expires_at), wide=True),
    Column("SINCE", lambda block: local_time(block.created_at), wide=True),
    Column("REASON", lambda block: block.reason),
)
