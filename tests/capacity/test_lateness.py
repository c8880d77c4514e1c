from __future__ import annotations

import pytest

from householdd.capacity.lateness import LATE_THRESHOLD_S, Lag, Lateness, PassTimer

INTERVAL = 0.25


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


ON_TIME = (INTERVAL, 0.0)
LATE = (INTERVAL, LATE_THRESHOLD_S * 1.01)
"""Seconds since the pass before, and lateness."""


def stall(seconds: float) -> list[tuple[float, float]]:
    """A pass after a stall, and the one that is made up for at once."""
    return [(INTERVAL + seconds, seconds), (0.0, 0.0)]


@pytest.mark.parametrize(
    ("passes", "overloaded"),
    [
        ([], False),
        ([ON_TIME] * 100, False),
        ([(INTERVAL, LATE_THRESHOLD_S)] * 100, False),
        ([LATE], False),
        ([LATE] * 3, True),
        # One in twenty is what a 95th percentile leaves out.
        ([LATE] * 3 + [ON_TIME] * 57, False),
        ([LATE] * 3 + [ON_TIME] * 56, True),
        # Half a second in the first seconds is too much, and no longer so in half a minute.
        ([*stall(0.5), *[ON_TIME] * 20], True),
        ([*stall(0.5), *[ON_TIME] * 117], False),
        # By time: a loop that makes few passes is late for as long as one that makes many.
        ([*stall(3.0), *stall(3.0), *[ON_TIME] * 200], True),
    ],
)
def test_a_server_was_overloaded_where_its_95th_percentile_was_late(
    passes: list[tuple[float, float]], overloaded: bool
) -> None:
    lateness, now = Lateness(0.0), 0.0
    for span, late in passes:
        now += span
        lateness.add(late, now)
    assert lateness.overloaded is overloaded


@pytest.mark.parametrize(
    ("passes", "lag"),
    [
        ([], 0.0),
        ([ON_TIME] * 9, 0.0),
        # A single stall, however long, is none, and neither are two late passes.
        ([*[ON_TIME] * 9, *stall(30.0)], 0.0),
        ([*[ON_TIME] * 9, (INTERVAL, 0.2), (INTERVAL, 0.2)], 0.0),
        ([*[ON_TIME] * 9, (INTERVAL, 0.2), (INTERVAL, 0.2), (INTERVAL, 0.2)], 0.2),
        ([*[ON_TIME] * 6, (INTERVAL, 0.3), (INTERVAL, 0.1), (INTERVAL, 0.2)], 0.1),
        # Passes that take seconds are an overload at the second one.
        ([*[ON_TIME] * 9, *stall(3.0), *stall(4.0)], 3.0),
        # It is over once the late time has left the window.
        ([*[(INTERVAL, 0.2)] * 9, *[ON_TIME] * 7], 0.0),
        ([*[(INTERVAL, 0.2)] * 9, *[ON_TIME] * 6], 0.2),
    ],
)
def test_the_lag_is_what_the_loop_was_late_by_for_long_enough(passes: list[tuple[float, float]], lag: float) -> None:
    measured, now = Lag(), 0.0
    measured.add(0.0, now)
    for span, late in passes:
        now += span
        measured.add(late, now)
    assert measured.seconds == pytest.approx(lag)
