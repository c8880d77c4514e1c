from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from householdd.capacity.token_bucket import TokenBucket


def test_it_starts_full_and_gives_no_more_than_its_size_at_once() -> None:
    bucket = TokenBucket(10, 3, 100)
    assert [bucket.take(100) for _ in range(5)] == [True, True, True, False, False]


def test_it_fills_at_its_rate_and_not_beyond_its_size() -> None:
    bucket = TokenBucket(10, 3, 0)
    for _ in range(3):
        bucket.take(0)
    assert [bucket.take(0.05), bucket.take(0.1), bucket.take(0.1)] == [False, True, False]
    assert [bucket.take(100) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 2), max_size=200))
def test_over_any_time_it_gives_at_most_its_size_and_its_rate(gaps: list[float]) -> None:
    bucket, now, given_out = TokenBucket(5, 4, 0), 0.0, 0
    for gap in gaps:
        now += gap
        given_out += bucket.take(now)
        assert given_out <= 4 + 5 * now + 1e-6
