from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from household_scoring.playout import play


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 10_000)), max_size=40).map(sorted),
    st.floats(0.1, 5),
    st.floats(0.1, 5),
)
def test_a_player_waits_plays_or_stands_still(
    arrivals: list[tuple[float, int]], start_s: float, resume_s: float
) -> None:
    seen = play(arrivals, video_bps=8000, start_s=start_s, resume_s=resume_s, until_s=30)
    if seen.start_up_s is None:
        assert (seen.stalls, seen.stall_s, seen.played_s) == (0, 0, 0)
    else:
        assert seen.start_up_s + seen.stall_s + seen.played_s == pytest.approx(30)
    assert seen.played_s <= sum(size for _, size in arrivals) / 1000 + 1e-6
