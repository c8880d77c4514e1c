"""Attributes runs by the samples of the server's own kernel."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from google.protobuf.duration_pb2 import Duration

from household.internal.v1.recorder_service_pb2 import Delays
from household.v1.session_pb2 import Session
from household_scoring.attribution import MIN_KERNEL_SAMPLES, Attribution, Evidence, attribute
from household_scoring.grade import Grade, grade
from household_scoring.report import BULK_TRANSFER
from household_scoring.validity import Invalid
from householdd.api.convert import seconds
from householdd.measure.run_report import ClientRunReport
from householdd.traffic.profiles import BACKUP, PROBE

TELLING_S = 5.0
"""Seconds from which a session tells whether the server was late. In the short parallel ones of a warm-up, a single
pass of the control loop is more than the share that counts."""


def attribute_run(report: ClientRunReport, kernel_idle_ms: float | None, sessions: Iterable[Session]) -> Attribution:
    """Return the cause of a run's delay and rate; ``sessions`` are its ended ones, from all workers.

    The pings' figures are the client's, the kernel's are the server's. A client that lies fools itself only.
    """
    people = [session for session in sessions if session.profile != PROBE.key]
    told_late = {Invalid.SERVER_OVERLOADED, Invalid.SERVER_LIMITED} & set(report.invalid)
    evidence = Evidence(
        baseline_ms=report.baseline_ms,
        loaded_p95_ms=report.loaded.p95_ms,
        # Without records of the load this one alone is no witness.
        kernel_idle_ms=kernel_idle_ms if people else None,
        # The client has the pings one by one.
        means_agree=report.means_agree,
        loss_share=report.loss_share,
        server_late=bool(told_late),
        client_late=report.cause == "device" or Invalid.CLIENT_OVERLOADED in report.invalid,
    )
    return attribute(_seen(evidence, people, _bulk(report)))


def _bulk(report: ClientRunReport) -> Collection[str]:
    """Return the profiles that take what the line carries; the Computer uploads by one of its own."""
    if [each.stretch for each in report.stretches] == ["upload"]:
        return {BACKUP.key}
    return {each.who for each in report.people if each.activity == BULK_TRANSFER}


def attribute_server_run(
    report: ClientRunReport, sessions: Collection[Session], delays: Iterable[Delays]
) -> Attribution:
    """Return the same for a run that no client reports, which has no idle phase and no probe.

    Its idle round trip is the kernel's least one. Its ``delays`` are of pings that waited behind payload too, so they
    name no device, and nothing carries a grade.
    """
    leasts = [_ms(session.connection.min_round_trip) for session in sessions if session.connection.HasField("samples")]
    least_ms = min(leasts, default=None)
    loaded_ms = min((each.p95_ms for each in delays if each.count), default=None)
    evidence = Evidence(baseline_ms=least_ms, loaded_p95_ms=loaded_ms, kernel_idle_ms=least_ms)
    found = attribute(_seen(evidence, sessions, _bulk(report)))
    cause = "unknown" if found.cause == "device" else found.cause
    return msgspec.structs.replace(found, cause=cause, witness=None)


def counts(report: ClientRunReport, found: Attribution) -> bool:
    """Return whether a run counts: its client says so, and a witness carries its grade."""
    return report.valid and (found.witness is not None or report.increase_p95_ms is None)


def grade_of(report: ClientRunReport, found: Attribution) -> Grade | None:
    """Return the grade by the witness that carries it."""
    base, added = found.kernel_baseline_ms, found.kernel_increase_p95_ms
    if found.witness != "kernel" or base is None or added is None:
        return report.grade
    return grade(base, base + added)


def _seen(evidence: Evidence, people: Iterable[Session], bulk: Collection[str]) -> Evidence:
    """Add what the server saw of the people; those of ``bulk`` take what the line carries."""
    longest: dict[str, Session] = {}
    late = evidence.server_late
    for session in people:
        if not session.HasField("age") or seconds(session.age) >= TELLING_S:
            late |= session.server_overloaded or session.server_limited
        # The Computer's shorter one is that of the warm-up.
        known = longest.get(session.profile)
        if known is None or session.connection.samples.count > known.connection.samples.count:
            longest[session.profile] = session
    seen = [each.connection.samples for each in longest.values()]
    witness = min(
        (each for each in seen if each.count >= MIN_KERNEL_SAMPLES), key=lambda each: seconds(each.p95), default=None
    )
    load = next((session for profile, session in longest.items() if profile in bulk), Session())
    connection = load.connection
    return msgspec.structs.replace(
        evidence,
        kernel_p95_ms=None if witness is None else _ms(witness.p95),
        kernel_count=0 if witness is None else witness.count,
        server_late=late,
        # The client's window does not bound what it sends.
        receiver_limited=connection.receiver_limited
        if connection.HasField("receiver_limited") and load.profile != BACKUP.key
        else None,
        client_limited=load.client_limited,
        retransmitted=any(session.connection.retransmits for session in longest.values()) if longest else None,
    )


def _ms(duration: Duration) -> float:
    return seconds(duration) * 1e3
