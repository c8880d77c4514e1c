from __future__ import annotations

from typing import Any

import msgspec
import pytest
from google.protobuf.duration_pb2 import Duration

from household.internal.v1.recorder_service_pb2 import Delays
from household.v1.session_pb2 import Connection, RoundTripSamples, Session
from household_scoring.attribution import Attribution
from householdd.api.convert import duration
from householdd.measure import run_report
from householdd.measure.run_report import ClientRunReport
from householdd.supervisor.history.attribution import attribute_run, attribute_server_run, counts, grade_of
from tests import run_reports


def reported(idle_ms: float, loaded_ms: float, **changes: Any) -> ClientRunReport:
    """A run whose probe had these round trips, all alike under load."""
    loaded = {"count": 240, "p50_ms": loaded_ms, "p95_ms": loaded_ms, "p99_ms": loaded_ms, "jitter_ms": 0}
    message = run_reports.run_report(baseline_ms=idle_ms, loaded=loaded, loss_share=0.0, invalid=[], **changes)
    return run_report.decode(msgspec.json.encode(message))


def session(profile: str, p95_ms: float, count: int = 240, **fields: Any) -> Session:
    """An ended session, as its worker recorded it."""
    samples = RoundTripSamples(count=count, p95=duration(p95_ms / 1e3))
    connection = Connection(min_round_trip=duration(1e-3), receiver_limited=0.02, samples=samples)
    return Session(profile=profile, connection=connection, **fields)


def seen(**p95_ms: float) -> list[Session]:
    return [session(who, each) for who, each in p95_ms.items()]


def found(report: ClientRunReport, idle_ms: float | None, sessions: list[Session]) -> tuple[str, str | None, bool, str]:
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


@pytest.mark.parametrize(("agree", "expected"), [(True, ("line", "application")), (False, ("device", "kernel"))])
def test_a_client_that_compared_its_pings_one_by_one_knows_a_line_that_stands_still_for_moments(
    agree: bool, expected: tuple[str, str]
) -> None:
    assert found(reported(17, 60, means_agree=agree, cause="line"), 17, seen(alex=29))[:2] == expected


def test_loss_that_no_kernel_sent_again_is_the_clients() -> None:
    report = reported(2, 861, cause="line")
    report = msgspec.structs.replace(report, loss_share=0.013)
    assert found(report, 1, seen(alex=6.9)) == ("device", "kernel", True, "A")
    again = seen(alex=6.9)
    again[0].connection.retransmits = 4
    assert found(report, 1, again)[:2] == ("line", "kernel")


def test_the_probes_and_the_warm_up_are_no_witnesses_of_the_load() -> None:
    sessions = [session("computer", 1, count=60), session("probe", 1), *seen(computer=200)]
    assert attribute_run(reported(2, 202), 1, sessions).kernel_increase_p95_ms == pytest.approx(199)


@pytest.mark.parametrize("told", ["server_overloaded", "server_limited"])
def test_the_server_names_itself_whatever_the_client_says(told: str) -> None:
    sessions = [*seen(alex=14), session("computer", 3, **{told: True})]
    assert found(reported(2, 252), 1, sessions)[:3] == ("server", None, False)


def test_a_parallel_session_of_the_warm_up_is_too_short_to_say_that_the_server_was_late() -> None:
    short = session("computer", 3, age=Duration(seconds=3), server_limited=True)
    assert found(reported(2, 252), 1, [*seen(alex=14), short])[0] != "server"


def test_a_computer_that_was_slowed_by_its_confirmations_limited_the_rate() -> None:
    (alex, *_) = run_reports.run_report()["people"]
    report = reported(2, 6, people=[{**alex, "who": "computer", "activity": "bulk_transfer"}, alex])
    for limited, rate in ((True, "device"), (False, "line")):
        sessions = [*seen(alex=4), session("computer", 3, client_limited=limited)]
        assert attribute_run(report, 1, sessions).rate == rate


def test_a_run_that_no_client_reports_has_what_the_kernel_saw_and_no_grade() -> None:
    report = reported(2, 252)
    for application_ms, cause in ((210, "line"), (900, "unknown")):
        delays = [Delays(count=60, p95_ms=application_ms), Delays()]
        attribution = attribute_server_run(report, seen(alex=201, jake=205), delays)
        assert (attribution.cause, attribution.witness) == (cause, None)
        assert attribution.kernel_baseline_ms == 1
        assert attribution.kernel_increase_p95_ms == pytest.approx(200)
