"""When a delivery is over, and when it is tried again."""

from __future__ import annotations

import pytest

from householdd.supervisor.webhook.retry import MAX_WAIT_S, DeliveryOutcome, asked_wait, outcome, wait


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((200, 202, 204, 299), DeliveryOutcome.DELIVERED),
        ((400, 401, 403, 404, 410, 422, 499), DeliveryOutcome.REFUSED),
        ((408, 429, 500, 502, 503, 599), DeliveryOutcome.FAILED),
        ((301, 302, 307, 308), DeliveryOutcome.FAILED),
        ((100, 199, 600, 999), DeliveryOutcome.FAILED),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], expected: DeliveryOutcome) -> None:
    assert {outcome(status) for status in statuses} == {expected}


def test_waits_double_up_to_the_last_and_chance_takes_off_up_to_half() -> None:
    assert [wait(attempts, 0) for attempts in range(1, 11)] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert [wait(attempts, 1) for attempts in (1, 2)] == [5, 10]
    assert wait(10**6, 0) == MAX_WAIT_S


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        (None, 0),
        ("120", 120),
        ("Thu, 01 Jan 1970 00:17:40 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("-5", 0),
        ("\u0665", 0),
        ("soon", 0),
        ("Thu, 01 Jan 99999 00:00:00 GMT", 0),
        ("", 0),
    ],
)
def test_what_a_receiver_asks_for(retry_after: str | None, expected: float) -> None:
    assert asked_wait(retry_after, now=1000) == expected


def test_a_receiver_is_left_alone_for_as_long_as_it_asks_up_to_the_last_wait() -> None:
    assert wait(1, 1, asked=120) == 120
    assert wait(3, 0, asked=5) == 40
    assert wait(1, 0, asked=asked_wait("9" * 400, now=0)) == MAX_WAIT_S
