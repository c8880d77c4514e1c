from __future__ import annotations

from typing import Any

import msgspec
import pytest

from householdd.measure import run_report
from householdd.supervisor.history.judged_run import JudgedRun, judge
from tests import run_reports
from tests.run_reports import stretch


def judged(**changes: Any) -> JudgedRun:
    """A run without anything from the kernel, so that the pings carry its grade."""
    return judge(run_report.decode(msgspec.json.encode(run_reports.run_report(**changes))), None, [])


def test_a_run_is_what_its_worst_stretch_is_whatever_the_report_says_of_all() -> None:
    run = judged(stretches=[stretch("download", 10, 18), stretch("upload", 23, 490), stretch("both", 36, 460)])
    assert [each.grade for each in run.parts] == ["A", "F", "F"]
    assert (run.worst.stretch, run.worst.increase_ms, run.hurting) == ("upload", 480, "upload")


def test_a_stretch_that_does_not_count_spoils_the_run() -> None:
    run = judged(stretches=[stretch("download", 10, 480), stretch("upload", 23, 18, invalid=["too_few_samples"])])
    assert (run.worst.stretch, run.worst.valid, run.hurting) == ("upload", False, None)


@pytest.mark.parametrize("stretches", [[], [stretch("download", 10, 50)]], ids=["none", "one"])
def test_a_run_of_downloads_alone_names_no_direction(stretches: list[dict[str, Any]]) -> None:
    run = judged(stretches=stretches)
    assert (run.worst.stretch, run.worst.grade, run.hurting) == ("download", "B", None)
