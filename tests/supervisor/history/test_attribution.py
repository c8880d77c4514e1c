from __future__ import annotations

from typing import Any

import msgspec
import pytest

from household.internal.v1.recorder_service_pb2 import KernelDelays
from household.v1 import session_pb2
from household_scoring.attribution import Attribution
from householdd.measure import run_report
from householdd.measure.run_report import ClientRunReport
from householdd.supervisor.history.attribution import Sessions, attribute_run, counts, grade_of
from tests import run_reports


def reported(idle_ms: float, loaded_ms: float, **changes: Any) -> ClientRunReport:
    """A run whose probe had these round trips, all alike under load."""
    loaded = {"count": 240, "p50_ms": loaded_ms, "p95_ms": loaded_ms, "p99_ms": loaded_ms, "jitter_ms": 0}
    message = run_reports.run_report(baseline_ms=idle_ms, loaded=loaded, loss_share=0.0, invalid=[], **changes)
    return run_report.decode(msgspec.json.encode(message))


def seen(**p95_ms: float) -> Sessions:
    """What the server's workers recorded of the people."""
    return [
        (session_pb2.Session(profile=who), KernelDelays(count=240, p95_ms=each, receiver_limited=0.02))
        for who, each in p95_ms.items()
    ]


def found(report: ClientRunReport, idle_ms: float | None, sessions: Sessions) -> tuple[str, str | None, bool, str]:
    attribution: Attribution = attribute_run(report, idle_ms, sessions)
    return attribution.cause, attribution.witness, counts(report, attribution), str(grade_of(report, attribution))


def test_a_slow_client_is_graded_by_what_the_servers_kernel_saw() -> None:
    assert found(reported(2, 900), 1, seen(alex=14, computer=3)) == ("device", "kernel", True, "A+")


def test_a_bloated_line_is_graded_by_the_clients_pings() -> None:
    assert found(reported(2, 252), 1, seen(alex=260, computer=252)) == ("line", "application", True, "D")


def test_without_recorded_sessions_the_cause_is_unknown_and_the_run_counts() -> None:
    assert found(reported(2, 252), 1, []) == ("unknown", "application", True, "D")


def test_what_no_witness_saw_does_not_count_whatever_the_client_says() -> None:
    assert found(reported(40, 300), 0.1, seen(alex=0.3))[:3] == ("unknown", None, False)


def test_a_client_that_says_it_was_slow_is_graded_by_the_kernel() -> None:
    assert found(reported(2, 6, cause="device"), 1, seen(alex=4)) == ("device", "kernel", True, "A+")


def test_the_probes_and_the_warm_up_are_no_witnesses_of_the_load() -> None:
    warm_up = (session_pb2.Session(profile="computer"), KernelDelays(count=60, p95_ms=1))
    probe = (session_pb2.Session(profile="probe"), KernelDelays(count=240, p95_ms=1))
    sessions = [warm_up, probe, *seen(computer=200)]
    assert attribute_run(reported(2, 202), 1, sessions).kernel_increase_p95_ms == pytest.approx(199)
