"""Ended sessions, runs and their groups for people and scripts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from household.v1.history_service_pb2 import (
    CAUSE_SERVER,
    RUN_SOURCE_SERVER,
    Cause,
    Grade,
    Stretch,
    Witness,
)
from household.v1.session_pb2 import CloseReason
from householdctl.output.tables import Column, Facts, Sections, Table
from householdctl.output.terminal import note
from householdctl.values.enums import short_name
from householdctl.values.units import format_age, format_bytes, format_rate, format_round_trip, seconds
from householdctl.views.sessions import ago, local_time, samples_facts
from householdctl.views.verdict_text import CAUSES, DIRECTIONS, INVALID, WITNESSES, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.duration_pb2 import Duration

    from household.v1.history_service_pb2 import GetRunResponse, HistoryGroup, Run, RunStretch, SessionRecord


_ADDRESS = re.compile(r"\baddress\s*!?=")
_MAX_NETWORKS = 3


def grade(run: Run | RunStretch) -> str:
    """Return ``A+``, a dash without enough measurements, or ``invalid``."""
    if not run.valid:
        return "invalid"
    return short_name(Grade, run.grade).replace("_PLUS", "+") if run.grade else "-"


def _of_server(run: Run) -> bool:
    return bool(run.source == RUN_SOURCE_SERVER)


def _measured(run: Run | RunStretch, field: str) -> str:
    return _round_trip(getattr(run, field)) if run.HasField(field) else "-"  # type: ignore[arg-type]  # one of theirs


def _hurting(run: Run) -> str:
    return short_name(Stretch, run.hurting) if run.hurting else "-"


def _round_trip(duration: Duration) -> str:
    return format_round_trip(seconds(duration))


def _retransmits(record: SessionRecord) -> str:
    return str(record.session.connection.retransmits) if record.session.HasField("connection") else "-"


SESSION_COLUMNS: tuple[Column[SessionRecord], ...] = (
    Column("ID", lambda record: record.session.id, ids=True, field="id"),
    Column(
        "ENDED",
        lambda record: ago(record.session.closed_at),
        full=lambda record: local_time(record.session.closed_at),
        field="closed_at",
    ),
    Column("PROFILE", lambda record: record.session.profile, field="profile"),
    Column("REASON", lambda record: short_name(CloseReason, record.session.close_reason), field="reason"),
    Column("LASTED", lambda record: format_age(seconds(record.session.age)), right=True, field="duration"),
    Column("SENT", lambda record: format_bytes(record.session.sent_bytes), right=True, rank=1, field="sent_bytes"),
    Column(
        "RECEIVED",
        lambda record: format_bytes(record.session.received_bytes),
        right=True,
        rank=2,
        field="received_bytes",
    ),
    Column("PEER", lambda record: record.session.peer_address or "-", rank=3, field="peer_address"),
    Column("RUN", lambda record: record.run_id or "-", rank=4, ids=True, field="run_id"),
    Column("USER", lambda record: record.session.user_id, wide=True, field="user_id"),
    Column("SERVER", lambda record: record.server, wide=True, field="server"),
    Column("RETRANSMITS", _retransmits, right=True, wide=True, field="retransmits"),
    Column("DETAIL", lambda record: record.session.close_detail or "-", wide=True, field="detail"),
)

RUN_COLUMNS: tuple[Column[Run], ...] = (
    Column("ID", lambda run: run.id, ids=True, field="id"),
    Column("STORED", lambda run: ago(run.stored_at), full=lambda run: local_time(run.stored_at), field="stored_at"),
    Column("GRADE", grade, field="grade"),
    Column("IDLE", lambda run: _measured(run, "baseline"), right=True, field="baseline"),
    Column("ADDED P95", lambda run: _measured(run, "increase_p95"), right=True, field="increase_p95"),
    Column("HURTING", _hurting, rank=1, field="hurting"),
    Column("CAUSE", lambda run: short_name(Cause, run.cause) if run.cause else "-", rank=1, field="cause"),
    Column("CLIENT", lambda run: run.client, rank=1, field="client"),
    Column("PEER", lambda run: run.peer_address or "-", rank=2, field="peer_address"),
    Column(
        "KERNEL P95",
        lambda run: _measured(run, "kernel_increase_p95"),
        right=True,
        wide=True,
        field="kernel_increase_p95",
    ),
    Column(
        "RATE LIMIT",
        lambda run: short_name(Cause, run.rate_cause) if run.rate_cause else "-",
        wide=True,
        field="rate_cause",
    ),
    Column("WITNESS", lambda run: short_name(Witness, run.witness) if run.witness else "-", wide=True, field="witness"),
    Column("SERVER", lambda run: run.server, wide=True, field="server"),
    Column("VERSION", lambda run: run.client_version, wide=True, field="client_version"),
    Column("TEST ID", lambda run: run.test_id or "-", wide=True, field="test_id"),
)

GROUP_COLUMNS: tuple[Column[HistoryGroup], ...] = (
    Column("GROUP", lambda group: group.key or "-"),
    Column("SESSIONS", lambda group: str(group.sessions), right=True),
    Column("TIME", lambda group: format_age(seconds(group.session_time)), right=True, rank=2),
    Column("SENT", lambda group: format_bytes(group.sent_bytes), right=True, rank=1),
    Column("RECEIVED", lambda group: format_bytes(group.received_bytes), right=True, rank=3),
    Column("RUNS", lambda group: str(group.runs), right=True),
    Column("VALID", lambda group: str(group.valid_runs), right=True, rank=4),
    Column(
        "ADDED P95",
        lambda group: _round_trip(group.mean_increase_p95) if group.HasField("mean_increase_p95") else "-",
        right=True,
    ),
)


@dataclass(frozen=True)
class _Person:
    """Person of a run report."""

    claims: dict[str, Any]
    during: str = ""
    """Stretch, if the run has any."""

    def rate(self, direction: str) -> str:
        return format_rate(self.claims[direction]["got_bps"])

    def score(self, key: str) -> str:
        found = self.claims.get(key)
        return "-" if found is None else f"{found:.0f}"


_PERSON_COLUMNS: tuple[Column[_Person], ...] = (
    Column("WHO", lambda person: person.claims["who"]),
    Column("SCORE", lambda person: person.score("score"), right=True),
    Column("QOO", lambda person: person.score("qoo"), right=True, rank=2),
    Column("DOWN", lambda person: person.rate("download"), right=True),
    Column("UP", lambda person: person.rate("upload"), right=True, rank=1),
    Column("VERDICT", lambda person: verdict(person.claims["verdict"])),
)


@dataclass(frozen=True)
class _Stretch:
    """Part of a run, as graded by the server and as reported."""

    graded: RunStretch
    claims: dict[str, Any]

    @property
    def name(self) -> str:
        return short_name(Stretch, self.graded.stretch)

    @property
    def loss(self) -> str:
        return "-" if self.claims["loss_share"] is None else f"{self.claims['loss_share']:.1%}"

    def computer(self, direction: str) -> str:
        """Return the rate of the person who takes what the line carries."""
        rates = (each[direction]["got_bps"] for each in self.claims["people"] if each["activity"] == "bulk_transfer")
        return next(map(format_rate, rates), "-")

    @property
    def people(self) -> list[_Person]:
        return [_Person(each, self.name) for each in self.claims["people"]]


_STRETCH_COLUMNS: tuple[Column[_Stretch], ...] = (
    Column("DURING", lambda stretch: stretch.name),
    Column("GRADE", lambda stretch: grade(stretch.graded)),
    Column("ADDED P95", lambda stretch: _measured(stretch.graded, "increase_p95"), right=True),
    Column("KERNEL P95", lambda stretch: _measured(stretch.graded, "kernel_increase_p95"), right=True, rank=2),
    Column("LOSS", lambda stretch: stretch.loss, right=True, rank=1),
    Column("CAUSE", lambda stretch: short_name(Cause, stretch.graded.cause), rank=1),
    Column("COMPUTER DOWN", lambda stretch: stretch.computer("download"), right=True),
    Column("COMPUTER UP", lambda stretch: stretch.computer("upload"), right=True),
)


def _found_by_server(run: Run, report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return why the server does not count a run whose client does."""
    if run.valid or report["invalid"]:
        return []
    return [("does not count", INVALID["server_limited" if run.cause == CAUSE_SERVER else "no_witness"])]


def _attribution(run: Run) -> list[tuple[str, str]]:
    """Return nothing for a run of an older daemon."""
    if not run.cause:
        return []
    return [
        ("added, by the server's kernel", f"{_measured(run, 'kernel_increase_p95')} at p95"),
        ("cause of the delay", CAUSES[short_name(Cause, run.cause).lower()]),
        ("limit of the rate", CAUSES[short_name(Cause, run.rate_cause).lower()]),
        *([("graded by", WITNESSES[short_name(Witness, run.witness).lower()])] if run.witness else []),
    ]


def run_document(answer: GetRunResponse) -> dict[str, Any]:
    """Write the report as JSON instead of a string."""
    return {"run": answer.run, "report": json.loads(answer.report), "sessions": list(answer.sessions)}


def run_view(answer: GetRunResponse) -> Sections:
    run, report = answer.run, json.loads(answer.report)
    facts = Facts(
        [
            ("id", run.id),
            ("grade", grade(run)),
            *([("what hurts", DIRECTIONS[_hurting(run).lower()])] if run.hurting else []),
            *(("does not count", INVALID.get(reason, reason)) for reason in report["invalid"]),
            *_found_by_server(run, report),
            ("delay, idle line", _measured(run, "baseline")),
            ("added by the load", f"{_measured(run, 'increase_p95')} at p95"),
            *_attribution(run),
            ("stored", local_time(run.stored_at)),
            ("ended", f"{local_time(run.ended_at)} by the {'server' if _of_server(run) else 'client'}'s clock"),
            *([("figures", "as the server saw them; the clients reported no run")] if _of_server(run) else []),
            ("client", f"{run.client} {run.client_version}"),
            ("user agent", run.user_agent or "-"),
            ("peer", run.peer_address or "-"),
            ("test id", run.test_id or "-"),
            ("server", run.server),
        ]
    )
    return Sections(facts, *_results(run, report), Table(SESSION_COLUMNS, answer.sessions))


def _results(run: Run, report: dict[str, Any]) -> tuple[Table[Any], ...]:
    """Return the people, of each stretch if there are any."""
    if not run.stretches:
        return (Table(_PERSON_COLUMNS, [_Person(each) for each in report["people"]]),)
    stretches = [_Stretch(*pair) for pair in zip(run.stretches, report["stretches"], strict=True)]
    columns = (Column("DURING", lambda person: person.during), *_PERSON_COLUMNS)
    return Table(_STRETCH_COLUMNS, stretches), Table(
        columns, [each for stretch in stretches for each in stretch.people]
    )


def session_facts(record: SessionRecord) -> list[tuple[str, str]]:
    session, connection = record.session, record.session.connection
    lines = [
        ("id", session.id),
        ("user", session.user_id),
        ("test id", session.test_id or "-"),
        ("profile", session.profile),
        ("run", record.run_id or "-"),
        ("peer", session.peer_address or "-"),
        ("user agent", session.user_agent or "-"),
        ("server", record.server),
        ("worker", session.worker),
        ("opened", local_time(session.opened_at)),
        ("closed", local_time(session.closed_at)),
        ("lasted", format_age(seconds(session.age))),
        ("close reason", short_name(CloseReason, session.close_reason)),
        ("close detail", session.close_detail or "-"),
        ("sent", f"{format_bytes(session.sent_bytes)} ({session.sent_bytes} bytes)"),
        ("received", f"{format_bytes(session.received_bytes)} ({session.received_bytes} bytes)"),
        ("server limited", "yes" if session.server_limited else "no"),
        ("client limited", "yes" if session.client_limited else "no"),
        ("server overloaded", "yes" if session.server_overloaded else "no"),
        ("round trip", _round_trip(session.round_trip) if session.HasField("round_trip") else "-"),
    ]
    if session.HasField("connection"):
        least = _round_trip(connection.min_round_trip) if connection.HasField("min_round_trip") else "-"
        lines += [
            ("TCP round trip", f"{_round_trip(connection.round_trip)}, least {least}"),
            *samples_facts(connection),
            ("TCP retransmits", str(connection.retransmits)),
            ("TCP delivery rate", format_rate(connection.delivery_rate_bps)),
            ("congestion control", connection.congestion_control),
        ]
    return lines


def note_what_is_kept(query: str, addresses: Sequence[str], kind: str) -> None:
    """Say that nothing matched, or that more did because stored addresses are truncated.

    ``addresses`` are of rows that match.
    """
    asked = _ADDRESS.search(query) is not None
    if not addresses:
        hint = '; with [history] addresses = "none" no addresses are stored' if asked else ""
        note(f"no {kind} matches{hint}" if query.strip() else f"no {kind} is in the history")
        return
    networks = list(dict.fromkeys(address for address in addresses if "/" in address))
    if asked and networks:
        listed = ", ".join([*networks[:_MAX_NETWORKS], *["..."] * (len(networks) > _MAX_NETWORKS)])
        note(f"addresses are stored truncated: these rows are of all clients in {listed}")
