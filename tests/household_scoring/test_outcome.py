from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from household_scoring.outcome import component

latencies = st.floats(0, 1e5)


@given(latencies, latencies, st.floats(0, 1e3), st.floats(0, 1e3))
def test_more_is_never_scored_better(one: float, other: float, rop: float, range_: float) -> None:
    less, more = sorted((one, other))
    assert 100 >= component(less, rop, rop + range_) >= component(more, rop, rop + range_) >= 0
