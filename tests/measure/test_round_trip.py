"""The figures were worked out by hand from RFC 6298 section 2: alpha 1/8, beta 1/4, K 4."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.measure.round_trip import RoundTrip

SAMPLES = st.lists(st.floats(0, 100), max_size=50)


def fed(*samples: float) -> RoundTrip:
    round_trip = RoundTrip()
    for each in samples:
        round_trip.add(each)
    return round_trip


def test_before_the_first_sample_nothing_is_known_and_the_floor_holds() -> None:
    round_trip = RoundTrip()
    assert (round_trip.latest, round_trip.smoothed, round_trip.deviation) == (None, None, 0)
    assert round_trip.timeout(1.5, 60) == 1.5


@pytest.mark.parametrize(
    ("samples", "smoothed", "deviation", "timeout"),
    [
        # (2.2): SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR.
        ([0.4], 0.4, 0.2, 1.2),
        # (2.3): RTTVAR = 3/4 0.2 + 1/4 |0.4 - 0.8| first, then SRTT = 7/8 0.4 + 1/8 0.8.
        ([0.4, 0.8], 0.45, 0.25, 1.45),
        # RTTVAR = 3/4 0.25 + 1/4 |0.45 - 0.05|; SRTT = 7/8 0.45 + 1/8 0.05.
        ([0.4, 0.8, 0.05], 0.4, 0.2875, 1.55),
        # RTTVAR = 3/4 0.2875 + 1/4 |0.4 - 0.4|; SRTT stays.
        ([0.4, 0.8, 0.05, 0.4], 0.4, 0.215625, 1.2625),
    ],
)
def test_estimator_and_timeout_are_those_of_rfc_6298(
    samples: list[float], smoothed: float, deviation: float, timeout: float
) -> None:
    round_trip = fed(*samples)
    assert round_trip.latest == samples[-1]
    assert round_trip.smoothed == pytest.approx(smoothed)
    assert round_trip.deviation == pytest.approx(deviation)
    assert round_trip.timeout(0, 60) == pytest.approx(timeout)


@pytest.mark.parametrize(
    ("floor", "ceiling", "timeout"), [(0, 60, 1.2), (1.2, 1.2, 1.2), (1.5, 60, 1.5), (0, 1, 1), (1, 1, 1), (2, 2, 2)]
)
def test_the_bounds_hold_and_equal_ones_fix_it(floor: float, ceiling: float, timeout: float) -> None:
    assert fed(0.4).timeout(floor, ceiling) == pytest.approx(timeout)


@given(SAMPLES, st.floats(0, 10), st.floats(0, 10))
def test_the_timeout_is_always_between_its_bounds(samples: list[float], floor: float, width: float) -> None:
    assert floor <= fed(*samples).timeout(floor, floor + width) <= floor + width


@given(SAMPLES, st.floats(0.001, 10))
def test_it_converges_to_a_steady_round_trip_whatever_was_before(samples: list[float], steady: float) -> None:
    # 7/8 to the 200th is 3e-12: nothing is left of what was before.
    round_trip = fed(*samples, *[steady] * 200)
    assert round_trip.smoothed == pytest.approx(steady, abs=1e-6)
    assert round_trip.timeout(0, math.inf) == pytest.approx(steady, abs=1e-6)


@given(SAMPLES.filter(bool))
def test_the_smoothed_round_trip_is_among_the_samples_and_the_deviation_no_greater_than_their_range(
    samples: list[float],
) -> None:
    round_trip = fed(*samples)
    assert round_trip.smoothed is not None
    assert min(samples) - 1e-9 <= round_trip.smoothed <= max(samples) + 1e-9
    assert 0 <= round_trip.deviation <= max(max(samples) - min(samples), samples[0] / 2) + 1e-9


@given(st.floats(0, 0.5), st.floats(0.001, 0.25), st.integers(1, 40))
def test_no_answer_is_overdue_while_a_queue_grows_on_the_line(empty: float, growth: float, answers: int) -> None:
    """With two answers a second, 0.25 s more each time is a line that carries half of what is sent to it."""
    round_trip = RoundTrip()
    for each in range(answers):
        sample = empty + each * growth
        assert sample < round_trip.timeout(1, math.inf)
        round_trip.add(sample)


def test_the_timeout_comes_down_again_when_the_queue_has_drained() -> None:
    assert fed(*[2.5] * 20).timeout(1, 5) > 2.5
    assert fed(*[2.5] * 20, *[0.02] * 30).timeout(1, 5) == 1
