from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.session.inactivity import SILENCE_INTERVALS, Inactivity
from tests.session.samples import START

MIN_GAP = 0.25


def answering(activity: Inactivity, *gaps: float) -> Inactivity:
    now = START
    for gap in gaps:
        now += gap
        activity.answered(now, MIN_GAP)
    return activity


def test_at_first_the_timeout_is_made_of_the_expected_gap() -> None:
    # The first sample of RFC 6298: 0.4 + 4 * 0.4 / 2.
    assert Inactivity(0.4, START).timeout(1, 60) == pytest.approx(SILENCE_INTERVALS * 1.2)


def test_two_answers_a_second_make_about_ten_seconds() -> None:
    assert answering(Inactivity(0.5, START), *[0.5] * 30).timeout(1, 60) == pytest.approx(10, rel=0.01)


def test_the_observed_gaps_take_over_from_an_expectation_that_was_wrong() -> None:
    assert Inactivity(4.0, START).timeout(1, 600) == pytest.approx(240)
    assert answering(Inactivity(4.0, START), *[0.5] * 80).timeout(1, 600) == pytest.approx(10, rel=0.01)
    assert answering(Inactivity(0.5, START), *[4.0] * 80).timeout(1, 600) == pytest.approx(80, rel=0.01)


def test_an_irregular_client_has_longer_than_a_regular_one_of_the_same_mean() -> None:
    regular = answering(Inactivity(1.0, START), *[1.0] * 40)
    irregular = answering(Inactivity(1.0, START), *[0.5, 1.5] * 20)
    assert irregular.timeout(1, 600) > 1.5 * regular.timeout(1, 600)


def test_a_burst_of_answers_counts_once() -> None:
    alone = answering(Inactivity(0.5, START), *[2.0] * 10)
    in_bursts = answering(Inactivity(0.5, START), 2.0, *[0.0, 0.001, 0.1, 0.1, 1.799] * 9)
    assert in_bursts.timeout(1, 600) == pytest.approx(alone.timeout(1, 600))


def test_a_gap_as_long_as_the_least_counts() -> None:
    expected = Inactivity(4.0, START).timeout(1, 600)
    # 4.0 and 2.0 before; 2.0 * 3/4 + |4.0 - 0.25| / 4 and 4.0 * 7/8 + 0.25 / 8 after.
    counted = SILENCE_INTERVALS * (3.53125 + 4 * 2.4375)
    assert answering(Inactivity(4.0, START), MIN_GAP).timeout(1, 600) == pytest.approx(counted)
    assert answering(Inactivity(4.0, START), MIN_GAP - 0.001).timeout(1, 600) == expected


@pytest.mark.parametrize(
    ("floor", "ceiling", "timeout"), [(0, 600, 36), (10, 30, 30), (40, 60, 40), (5, 5, 5), (10, 3, 3)]
)
def test_the_bounds_hold_and_a_ceiling_below_the_floor_wins(floor: float, ceiling: float, timeout: float) -> None:
    # Without bounds it is 36 s.
    assert Inactivity(0.6, START).timeout(floor, ceiling) == pytest.approx(timeout)


@given(st.floats(0.1, 100), st.lists(st.floats(0, 100), max_size=50), st.floats(0, 50), st.floats(0, 50))
def test_the_timeout_is_always_between_its_bounds(
    expected: float, gaps: list[float], floor: float, width: float
) -> None:
    assert floor <= answering(Inactivity(expected, START), *gaps).timeout(floor, floor + width) <= floor + width


@given(st.floats(0.1, 100), st.floats(MIN_GAP + 0.001, 100), st.integers(1, 100))
def test_a_regular_client_is_given_many_times_its_own_gap(expected: float, gap: float, answers: int) -> None:
    # The smoothed gap reaches the true one from either side; the deviation covers what is missing.
    timeout = answering(Inactivity(expected, START), *[gap] * answers).timeout(0, 1e9)
    assert timeout > gap * SILENCE_INTERVALS * 0.99
