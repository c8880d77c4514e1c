from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from household_scoring.statistics import percentile

latencies = st.floats(0, 1e5)


@given(st.lists(latencies, min_size=1), st.floats(0.01, 100))
def test_a_percentile_is_a_value_that_enough_others_do_not_exceed(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(each <= found for each in values) >= percent * len(values) / 100 * (1 - 1e-12)
    assert sum(each < found for each in values) < percent * len(values) / 100 * (1 + 1e-12)
