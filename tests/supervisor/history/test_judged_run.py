from __future__ import annotations

from array import array
from typing import Any

import msgspec
import pytest

from household.v1.session_pb2 import Connection, RoundTripSamples, Session
from householdd.api.convert import duration, timestamp
from householdd.measure import run_report
from householdd.measure.kernel_witness import KernelSamples
from householdd.supervisor.history.ended_session import EndedSession
from householdd.supervisor.history.judged_run import JudgedRun, judge
from tests import run_reports
from tests.run_reports import stretch

BEGAN_AT = 1_795_000_000.0
RATE_HZ = 20


def ended(profile: str, *spans_ms: tuple[float, float, float], **fields: Any) -> EndedSession:
    """A session with samples of these seconds since the run began: begin, end and round trip."""
    opened_s, closed_s = spans_ms[0][0], spans_ms[-1][1]
    times = [
        (at / RATE_HZ, ms) for begin, end, ms in spans_ms for at in range(round(begin * RATE_HZ), round(end * RATE_HZ))
    ]
    connection = Connection(receiver_limited=0.02, samples=RoundTripSamples(count=len(times), p95=duration(0.5)))
    session = Session(
        profile=profile,
        opened_at=timestamp(BEGAN_AT + opened_s),
        closed_at=timestamp(BEGAN_AT + closed_s),
        connection=connection,
        **fields,
    )
    series = KernelSamples(array("f", [at - opened_s for at, _ in times]), array("f", [ms for _, ms in times]))
    return EndedSession.of(session, None, series)


def judged(*sessions: EndedSession, **changes: Any) -> JudgedRun:
    """A run whose idle round trip was 10 ms by the pings, and 9 ms by the kernel."""
    report = run_report.decode(msgspec.json.encode(run_reports.run_report(**changes)))
    return judge(report, 9, sessions, BEGAN_AT)


BLOATED_UP = [stretch("download", 10, 18), stretch("upload", 23, 490), stretch("both", 36, 460)]
ALEX = ended("alex", (9, 23, 17), (23, 36, 480), (36, 49, 455))


def test_a_run_is_what_its_worst_stretch_is_whatever_the_report_says_of_all() -> None:
    run = judged(stretches=BLOATED_UP)
    assert [each.grade for each in run.parts] == ["A", "F", "F"]
    assert (run.worst.stretch, run.worst.increase_ms, run.hurting) == ("upload", 480, "upload")


def test_a_stretch_that_does_not_count_spoils_the_run() -> None:
    run = judged(stretches=[stretch("download", 10, 480), stretch("upload", 23, 18, invalid=["too_few_samples"])])
    assert (run.worst.stretch, run.worst.valid, run.hurting) == ("upload", False, None)


@pytest.mark.parametrize("stretches", [[], [stretch("download", 10, 50)]], ids=["none", "one"])
def test_a_run_of_downloads_alone_names_no_direction(stretches: list[dict[str, Any]]) -> None:
    run = judged(stretches=stretches)
    assert (run.worst.stretch, run.worst.grade, run.hurting) == ("download", "B", None)


def test_each_stretch_is_attributed_by_what_the_kernel_saw_meanwhile() -> None:
    run = judged(ALEX, stretches=BLOATED_UP)
    found = [(each.attribution.cause, each.attribution.kernel_increase_p95_ms) for each in run.parts]
    assert found == [("line", 8), ("line", 471), ("line", 446)]


def test_a_device_that_is_busy_with_one_direction_is_named_for_that_one_only() -> None:
    """The kernel saw a good line throughout; a percentile of all would excuse the device, or blame it for both."""
    alex = ended("alex", (9, 23, 480), (23, 36, 12), (36, 49, 480))
    run = judged(alex, stretches=[stretch("download", 10, 490), stretch("upload", 23, 300), stretch("both", 36, 490)])
    assert [each.attribution.cause for each in run.parts] == ["line", "device", "line"]
    assert [each.grade for each in run.parts] == ["F", "A+", "F"]
    assert run.hurting == "download"


def test_a_stretch_without_enough_samples_of_its_own_has_no_kernel() -> None:
    run = judged(ended("alex", (9, 23, 17), (23, 27, 480)), stretches=BLOATED_UP)
    assert [each.attribution.kernel_increase_p95_ms for each in run.parts] == [8, None, None]


def test_the_ends_of_a_stretch_are_left_out() -> None:
    """The begin of the run is known to a round trip only."""
    alex = ended("alex", (9, 10.4, 900), (10.4, 22.6, 17), (22.6, 23, 900))
    run = judged(alex, stretches=[stretch("download", 10, 18)])
    assert run.worst.attribution.kernel_increase_p95_ms == 8


def test_a_server_that_was_the_limit_is_named_for_the_stretches_of_that_session_only() -> None:
    backup = ended("backup", (23, 49, 480), server_limited=True)
    run = judged(ALEX, backup, stretches=BLOATED_UP)
    assert [each.attribution.cause for each in run.parts] == ["line", "server", "server"]


def test_what_limits_an_upload_is_not_told_by_the_window_or_the_confirmations_of_a_download() -> None:
    computer = ended("computer", (9, 49, 500), client_limited=True)
    run = judged(ALEX, computer, ended("backup", (23, 49, 500)), stretches=[stretch("upload", 23, 18)])
    assert run.worst.attribution.rate == "unknown"


def test_a_queue_shows_that_the_line_limited_an_upload() -> None:
    backup = ended("backup", (23, 49, 500))
    run = judged(ALEX, backup, stretches=BLOATED_UP)
    assert [each.attribution.rate for each in run.parts] == ["unknown", "line", "unknown"]
    limited = ended("backup", (23, 49, 500), server_limited=True)
    assert judged(ALEX, limited, stretches=BLOATED_UP).parts[1].attribution.rate == "server"
