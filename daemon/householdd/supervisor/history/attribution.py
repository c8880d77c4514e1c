"""Attributes a reported run by the samples of the server's own kernel."""

from __future__ import annotations

from collections.abc import Collection

from household.internal.v1.recorder_service_pb2 import KernelDelays
from household.v1 import session_pb2
from household_scoring.attribution import MIN_KERNEL_SAMPLES, Attribution, Evidence, attribute
from household_scoring.grade import Grade, grade
from household_scoring.report import BULK_TRANSFER
from household_scoring.validity import Invalid
from householdd.measure.run_report import ClientRunReport
from householdd.traffic.profiles import PROBE

Sessions = Collection[tuple[session_pb2.Session, KernelDelays]]
"""Ended sessions of one run, from all workers."""


def attribute_run(report: ClientRunReport, kernel_idle_ms: float | None, sessions: Sessions) -> Attribution:
    """Return the cause of a run's delay and rate.

    The pings' figures are the client's, the kernel's are the server's. A client that lies fools itself only.
    """
    by_profile: dict[str, tuple[session_pb2.Session, KernelDelays]] = {}
    for session, kernel in sessions:
        # The longest: the Computer's other one is that of the warm-up.
        known = by_profile.get(session.profile)
        if session.profile != PROBE.key and (known is None or kernel.count > known[1].count):
            by_profile[session.profile] = session, kernel
    enough = [kernel for _, kernel in by_profile.values() if kernel.count >= MIN_KERNEL_SAMPLES]
    witness = min(enough, key=lambda kernel: kernel.p95_ms, default=None)
    bulk = [each.who for each in report.people if each.activity == BULK_TRANSFER]
    loads = [by_profile[who][1] for who in bulk if who in by_profile]
    return attribute(
        Evidence(
            baseline_ms=report.baseline_ms,
            loaded_p95_ms=report.loaded.p95_ms,
            # Without records of the load this one alone is no witness.
            kernel_idle_ms=kernel_idle_ms if by_profile else None,
            kernel_p95_ms=None if witness is None else witness.p95_ms,
            kernel_count=0 if witness is None else witness.count,
            loss_share=report.loss_share,
            server_late=bool({Invalid.SERVER_OVERLOADED, Invalid.SERVER_LIMITED} & set(report.invalid)),
            client_late=report.cause == "device" or Invalid.CLIENT_OVERLOADED in report.invalid,
            receiver_limited=next((each.receiver_limited for each in loads if each.HasField("receiver_limited")), None),
        )
    )


def counts(report: ClientRunReport, found: Attribution) -> bool:
    """Return whether a run counts: its client says so, and a witness carries its grade."""
    return report.valid and (found.witness is not None or report.increase_p95_ms is None)


def grade_of(report: ClientRunReport, found: Attribution) -> Grade | None:
    """Return the grade by the witness that carries it."""
    base, added = found.kernel_baseline_ms, found.kernel_increase_p95_ms
    if found.witness != "kernel" or base is None or added is None:
        return report.grade
    return grade(base, base + added)
