from __future__ import annotations

import pytest

from tests.link_emulator.made_packets import number_of, packet
from tests.link_emulator.rate import ConstantRate, RateTrace
from tests.link_emulator.shaper import Shaper
from tests.link_emulator.tail_drop import TailDrop

RATE = 8e6
"""A byte in a microsecond."""


def shaper(limit: int = 10**7) -> Shaper:
    return Shaper(TailDrop(limit), ConstantRate(RATE))


def test_an_idle_link_sends_at_once_and_the_next_packet_after_it() -> None:
    link = shaper()
    link.offer(packet(1000, number=0), 5.0)
    link.offer(packet(500, number=1), 5.0)
    assert link.next_start() == 5.0
    assert [number_of(each) for _, each in link.sent(5.0)] == [0]
    assert link.next_start() == pytest.approx(5.001)
    assert [left for left, _ in link.sent(6.0)] == [pytest.approx(5.0015)]
    assert link.next_start() is None
    # The time that passed idle earns nothing.
    link.offer(packet(1000), 8.0)
    link.offer(packet(1000), 8.0)
    assert [left for left, _ in link.sent(9.0)] == pytest.approx([8.001, 8.002])


@pytest.mark.parametrize("step_s", [0.0001, 0.0037, 0.5])
def test_a_saturated_link_carries_its_rate_within_a_packet_however_late_it_is_asked(step_s: float) -> None:
    link, left = shaper(), []
    steps = round(3 / step_s)
    for step in range(steps):
        for _ in range(int(2 * step_s * RATE / 8 / 1000) + 1):
            link.offer(packet(1000), step * step_s)
        left += [at for at, _ in link.sent(step * step_s)]
    assert len(left) * 1000 == pytest.approx((steps - 1) * step_s * RATE / 8, abs=1001)
    assert left == pytest.approx([0.001 * (number + 1) for number in range(len(left))])


def test_packets_wait_no_longer_than_the_queue_is_long() -> None:
    link = shaper(limit=10_000)
    for number in range(100):
        link.offer(packet(1000, number=number), 0.0)
    # One is being sent and ten wait, or ten in all before the first is taken.
    assert [left for left, _ in link.sent(1.0)] == pytest.approx([0.001 * each for each in range(1, 11)])


def test_a_rate_that_varies_is_that_of_the_time_of_sending() -> None:
    link = Shaper(TailDrop(10**6), RateTrace([(1.0, 8e3), (1.0, 16e3)]))
    for _ in range(3):
        link.offer(packet(1000), 0.0)
    assert [left for left, _ in link.sent(5.0)] == pytest.approx([1.0, 1.5, 2.0])
