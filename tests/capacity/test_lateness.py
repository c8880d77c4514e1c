from __future__ import annotations

import pytest

from householdd.capacity.lateness import LATE_THRESHOLD_S, Lateness, PassTimer, late_passes

INTERVAL = 0.25


@pytest.mark.parametrize(
    ("lateness", "late"),
    [(0.0, 0), (LATE_THRESHOLD_S, 0), (LATE_THRESHOLD_S * 1.01, 1), (INTERVAL * 0.99, 1), (INTERVAL, 2), (0.6, 3)],
)
def test_a_pass_is_late_with_those_that_it_held_up(lateness: float, late: int) -> None:
    assert late_passes(lateness, INTERVAL) == late


@pytest.mark.parametrize(
    ("begins", "lateness"),
    [
        ([0.0, 0.25, 0.5], [0.0, 0.0, 0.0]),
        ([0.0, 0.35, 0.5, 0.75], [0.0, 0.1, 0.0, 0.0]),
        # Held up between two passes or in the first one is the same, and only one is made up for.
        ([0.0, 0.85, 0.85, 1.1], [0.0, 0.6, 0.0, 0.0]),
        # Passes that take longer than the time between them are late each time.
        ([0.0, 0.4, 0.8, 1.2], [0.0, 0.15, 0.3, 0.4]),
    ],
)
def test_a_pass_is_late_by_its_time_whatever_held_it_up(begins: list[float], lateness: list[float]) -> None:
    beat = PassTimer(INTERVAL, 0.0)
    assert [beat.begin(at) for at in begins] == pytest.approx(lateness)


@pytest.mark.parametrize(
    ("passes", "overloaded"),
    [
        ([], False),
        ([0] * 100, False),
        ([1], False),
        ([1, 1], True),
        # One in twenty is what a 95th percentile leaves out.
        ([1] * 2 + [0] * 38, False),
        ([1] * 2 + [0] * 37, True),
        # Half a second in the first seconds is too much, and no longer so in half a minute.
        ([3] + [0] * 20, True),
        ([3] + [0] * 117, False),
    ],
)
def test_a_server_was_overloaded_where_its_95th_percentile_was_late(passes: list[int], overloaded: bool) -> None:
    lateness = Lateness()
    for late in passes:
        lateness.add(late)
    assert lateness.overloaded is overloaded
