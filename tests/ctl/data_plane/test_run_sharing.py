"""A run as the points that householdctl reports."""

from __future__ import annotations

import json

import msgspec
import pytest

from householdctl.data_plane.run_sharing import MAX_BYTES, MAX_POINTS, Point, message, points
from householdd.measure import run_report
from tests.ctl.data_plane.given_runs import both_ways, facts, played, stretch
from tests.run_reports import run_report as reported

PHASES = {"idle": (0.0, 5.0), "load": (13.0, 53.0)}


def test_a_point_has_the_median_delay_and_the_rates_of_its_time() -> None:
    found = points(
        100.0,
        100.8,
        [(100.0, 0.010), (100.1, 0.900), (100.2, 0.020), (100.6, 0.030), (99.9, 1.0), (100.76, 1.0)],
        [(100.1, 1000), (100.2, 500), (100.3, 2000), (99.0, 10**6), (101.0, 10**6)],
        [(100.74, 100)],
    )
    assert found == [(0.0, 20.0, 48_000, 0), (0.25, None, 64_000, 0), (0.5, 30.0, 0, 3200)]


@pytest.mark.parametrize("seconds", [0.1, 59.9, 60.0, 60.1, 119.9, 600.0, 3600.0])
def test_a_run_of_any_length_has_no_more_points_than_the_server_takes(seconds: float) -> None:
    found = points(5.0, 5.0 + seconds, [], [(5.0 + seconds / 2, 1000)], [])
    assert len(found) <= MAX_POINTS == run_report.MAX_POINTS
    assert len(found) > MAX_POINTS / 2 - 1 or seconds < 60
    message = reported(timeline=found)
    assert len(run_report.decode(run_report.encode(message)).timeline) == len(found)


def course(most: int) -> list[Point]:
    return [(round(each * 0.25, 3), 219.53, 312_345_678, 123_456_789) for each in range(most)]


def test_a_run_of_both_directions_is_one_that_the_server_takes() -> None:
    run = both_ways(8, 480, 450)
    sent = message(run.stretches, PHASES, None, course)
    taken = run_report.decode(json.dumps(sent))
    assert [each.stretch for each in taken.stretches] == ["download", "upload", "both"]
    assert (taken.stretches[1].from_s, taken.stretches[1].until_s) == (23.0, 35.0)
    assert taken.loaded == taken.stretches[1].loaded
    assert taken.load_s == 40.0


def test_a_long_timeline_gets_coarser_to_fit_beside_the_stretches() -> None:
    given = facts(221 / 3, rates={"wantedBps": 1e6 / 3, "gotBps": 1e6 / 7})
    household = [
        msgspec.structs.replace(given.people[0], who=who) for who in ("alex", "sarah", "jake", "guest", "computer")
    ]
    run = msgspec.structs.replace(given, people=tuple(household))
    stretches = [stretch(run), stretch(run, "upload", from_s=23.0), stretch(run, "both", from_s=37.0)]
    sent = message(stretches, PHASES, None, course)
    assert len(json.dumps(sent, separators=(",", ":"))) <= MAX_BYTES
    assert len(sent["timeline"]) == MAX_POINTS / 2
    assert run_report.decode(json.dumps(sent)).people[0].download.got_bps == 142_857


def test_downloads_alone_are_reported_as_to_an_older_server() -> None:
    sent = message(played(stretch(facts())).stretches, PHASES, None, course)
    assert "stretches" not in sent
    assert len(sent["timeline"]) == MAX_POINTS
