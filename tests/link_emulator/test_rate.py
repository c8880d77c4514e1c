from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.link_emulator.rate import ConstantRate, RateTrace

STEPS = [(1.0, 8000.0), (2.0, 0.0), (1.0, 16000.0)]
"""1000 bytes, a pause, 2000 bytes."""


def test_a_constant_rate_sends_its_bits_in_a_second() -> None:
    assert ConstantRate(8000).finish(5, 500) == 5.5


@pytest.mark.parametrize(
    ("start", "octets", "finish"),
    [
        (0, 500, 0.5),
        # All is sent before the rate is 0, or waits until it is not.
        (0, 1000, 1),
        (0, 1002, 3.001),
        (1.5, 2, 3.001),
        (2.5, 2000, 4),
        # And from the beginning.
        (3.5, 1000, 4),
        (3.5, 1500, 4.5),
        (0, 3000, 4),
        (4.5, 6000, 12.5),
    ],
)
def test_a_trace_sends_at_the_rate_of_each_step_and_repeats(start: float, octets: int, finish: float) -> None:
    assert RateTrace(STEPS).finish(start, octets) == pytest.approx(finish)


def test_the_mean_of_a_trace_is_over_its_time() -> None:
    assert RateTrace(STEPS).mean == 6000
    assert RateTrace([(3, 100), (1, 500)]).mean == 200


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(1e3, 1e8)), min_size=1, max_size=6),
    st.floats(0, 100),
    st.lists(st.integers(60, 1514), min_size=1, max_size=10),
)
def test_packets_one_after_the_other_take_as_long_as_all_at_once(
    steps: list[tuple[float, float]], start: float, sizes: list[int]
) -> None:
    trace, at = RateTrace(steps), start
    for size in sizes:
        before, at = at, trace.finish(at, size)
        assert at >= before
    assert at == pytest.approx(trace.finish(start, sum(sizes)), abs=1e-6)


@pytest.mark.parametrize("steps", [[], [(0.0, 5.0)], [(1.0, -1.0)], [(1.0, 0.0)]])
def test_an_impossible_trace_is_refused(steps: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="a trace needs"):
        RateTrace(steps)
