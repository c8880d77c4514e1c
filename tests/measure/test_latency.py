from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.measure.latency import BASELINE_SAMPLES, SessionLatency


def of(*milliseconds: float) -> SessionLatency:
    latency = SessionLatency()
    for each in milliseconds:
        latency.add(each)
    return latency


def test_before_the_first_round_trip_nothing_is_known() -> None:
    latency = SessionLatency()
    assert latency.count == 0
    assert all(math.isnan(each) for each in (latency.current, latency.baseline, latency.mean, latency.increase))
    assert not latency.baseline_established
    assert (latency.severity, latency.level) == ("none", "unknown")


def test_the_figures_of_some_round_trips() -> None:
    latency = of(20, 10, 30)
    assert (latency.count, latency.current, latency.minimum, latency.maximum, latency.mean) == (3, 30, 10, 30, 20)


def test_the_baseline_is_the_least_of_the_first_round_trips_and_stays() -> None:
    beginning = [30.0, 20.0, 25.0, 40.0]
    assert len(beginning) == BASELINE_SAMPLES
    assert of(*beginning[:1]).baseline == 30
    assert of(*beginning).baseline == 20
    assert of(*beginning, 5.0, 500.0).baseline == 20


def test_the_increase_is_the_latest_over_the_baseline_and_never_negative() -> None:
    assert of(20, 20, 20, 20, 65).increase == 45
    assert of(20, 20, 20, 20, 5).increase == 0


@pytest.mark.parametrize(
    ("increase", "word"),
    [
        (0, "none"),
        (9.9, "none"),
        (10, "mild"),
        (49.9, "mild"),
        (50, "moderate"),
        (199.9, "moderate"),
        (200, "severe"),
        (10_000, "severe"),
    ],
)
def test_the_severity_has_the_four_words_of_the_earlier_system(increase: float, word: str) -> None:
    assert of(100, 100, 100, 100, 100 + increase).severity == word


@pytest.mark.parametrize(
    ("increase", "word"),
    [
        (0, "none"),
        (4.9, "none"),
        (5, "minimal"),
        (29.9, "minimal"),
        (30, "mild"),
        (59.9, "mild"),
        (60, "moderate"),
        (199.9, "moderate"),
        (200, "severe"),
        (399.9, "severe"),
        (400, "extreme"),
    ],
)
def test_the_level_has_the_steps_of_the_grades(increase: float, word: str) -> None:
    assert of(100, 100, 100, 100, 100 + increase).level == word


def test_jitter_moves_a_sixteenth_of_the_way_to_each_difference() -> None:
    assert of(20).jitter == 0
    assert of(20, 36).jitter == 1
    assert of(20, 36, 20).jitter == 1 + 15 / 16


@given(st.lists(st.floats(0, 1e5), min_size=1))
def test_the_figures_are_in_order(milliseconds: list[float]) -> None:
    latency = of(*milliseconds)
    assert latency.minimum <= latency.mean + 1e-6
    assert latency.mean <= latency.maximum + 1e-6
    assert latency.minimum <= latency.baseline
    assert latency.increase >= 0
    assert 0 <= latency.jitter <= latency.maximum


def test_percentiles_are_of_the_latest_round_trips() -> None:
    assert SessionLatency().percentiles() is None
    assert of(20).percentiles() == (20, 20, 20)
    assert of(*range(101)).percentiles() == (50, 95, 99)
    latency = of(*[1000.0] * 100, *range(600))
    assert latency.percentiles() == pytest.approx((300, 569, 593), abs=1)
