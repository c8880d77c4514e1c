"""A run as the points that householdctl reports."""

from __future__ import annotations

import pytest

from householdctl.data_plane.run_sharing import MAX_POINTS, points
from householdd.measure import run_report
from tests.run_reports import run_report as reported


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
