from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from household_scoring.grade import Grade, grade

latencies = st.floats(0, 1e5)


@given(latencies, latencies)
def test_latency_that_grew_tenfold_never_scores_a_b(baseline_ms: float, loaded_ms: float) -> None:
    if loaded_ms >= 10 * baseline_ms:
        assert grade(baseline_ms, loaded_ms) is not Grade.B


@given(latencies, latencies, latencies)
def test_more_latency_is_never_graded_better(baseline_ms: float, one_ms: float, other_ms: float) -> None:
    order = list(Grade)
    less, more = sorted((one_ms, other_ms))
    assert order.index(grade(baseline_ms, less)) <= order.index(grade(baseline_ms, more))
