from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from household_scoring.grade import BOUNDS, Grade, grade

latencies = st.floats(0, 1e5)


@given(latencies, latencies, latencies)
def test_the_same_increase_has_the_same_grade_on_every_line(one_ms: float, other_ms: float, added_ms: float) -> None:
    # Sums round, so an increase at a bound may fall on either side of it.
    assume(all(abs(added_ms - bound) > 1e-6 for bound, _ in BOUNDS))
    assert grade(one_ms, one_ms + added_ms) is grade(other_ms, other_ms + added_ms)


@given(latencies, latencies, latencies)
def test_more_latency_is_never_graded_better(baseline_ms: float, one_ms: float, other_ms: float) -> None:
    order = list(Grade)
    less, more = sorted((one_ms, other_ms))
    assert order.index(grade(baseline_ms, less)) <= order.index(grade(baseline_ms, more))
