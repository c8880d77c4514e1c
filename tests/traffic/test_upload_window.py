from __future__ import annotations

from householdd.traffic.upload_window import GROWTH, MIN_REQUEST_BYTES, PASSES, UploadWindow

GIGABIT_PASS = 1_000_000_000 // 8 // 4
"""Bytes in a control pass at 1 Gbit/s."""


def requests(line: list[int]) -> list[int]:
    """Returns what is requested in each pass, where the line carries at most so many bytes in each."""
    window, received, asked = UploadWindow(), 0, []
    for most in line:
        asked.append(window.request(received))
        received += min(asked[-1], most)
    return asked


def test_requests_grow_to_a_gigabit_in_two_seconds() -> None:
    asked = requests([10**9] * 8)
    assert asked[0] == MIN_REQUEST_BYTES
    assert asked[-1] > GIGABIT_PASS


def test_a_slow_line_is_asked_for_little_more_than_it_carries() -> None:
    slow = 1_000_000
    assert max(requests([slow] * 20)) == int(GROWTH * slow)


def test_a_line_that_stands_still_for_less_than_a_second_need_not_grow_again() -> None:
    fast = 1_000_000
    asked = requests([fast] * 8 + [0] * (PASSES - 1) + [fast] + [0] * (PASSES + 1))
    assert asked[8 + PASSES - 1] == int(GROWTH * fast)
    assert asked[-1] == MIN_REQUEST_BYTES
