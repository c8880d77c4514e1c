from __future__ import annotations

from householdd.core.histogram import Histogram


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
