"""When a delivery is over, and when it is tried again."""

from __future__ import annotations

import pytest

from householdd.core.delivery import LAST_WAIT, Outcome, outcome, wait


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((200, 202, 204, 299), Outcome.DELIVERED),
        ((400, 401, 403, 404, 410, 422, 499), Outcome.REFUSED),
        ((408, 429, 500, 502, 503, 599), Outcome.FAILED),
        ((301, 302, 307, 308), Outcome.FAILED),
        ((100, 199, 600, 999), Outcome.FAILED),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], expected: Outcome) -> None:
    assert {outcome(status) for status in statuses} == {expected}


def test_waits_double_up_to_the_last_and_chance_takes_off_up_to_half() -> None:
    assert [wait(attempts, 0) for attempts in range(1, 11)] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert [wait(attempts, 1) for attempts in (1, 2)] == [5, 10]
    assert wait(10**6, 0) == LAST_WAIT
