from __future__ import annotations

from householdd.measure.histogram import Histogram, quantile


def test_a_bound_belongs_to_the_range_below_it() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.0, 0.1, 0.10001, 1.0, 1.5):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]


def test_the_sum_is_of_the_values_as_they_were() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(0.25)
    histogram.observe(4.5)
    assert histogram.sum == 4.75


def test_a_quantile_lies_within_the_range_that_it_falls_into() -> None:
    bounds = (1.0, 2.0, 4.0)
    assert quantile([0, 0, 0, 0], bounds, 0.5) is None
    assert quantile([4, 0, 0, 0], bounds, 0.5) == 0.5
    assert quantile([1, 0, 3, 0], bounds, 0.25) == 1.0
    assert quantile([1, 0, 2, 1], bounds, 0.5) == 3.0
    assert quantile([1, 0, 2, 1], bounds, 0.95) == 4.0
