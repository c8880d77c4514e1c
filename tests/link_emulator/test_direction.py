from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from tests.link_emulator.direction import Direction, DirectionStatistics
from tests.link_emulator.jitter import Jitter, MediumJitter, NoJitter
from tests.link_emulator.loss import Loss, NoLoss, RandomLoss
from tests.link_emulator.made_packets import number_of, packet
from tests.link_emulator.rate import ConstantRate
from tests.link_emulator.tail_drop import TailDrop

RATE = 8e6
"""A byte in a microsecond."""

DELAY_S = 0.02


def direction(limit: int = 10**6, loss: Loss | None = None, jitter: Jitter | None = None) -> Direction:
    return Direction(TailDrop(limit), ConstantRate(RATE), loss or NoLoss(), DELAY_S, jitter or NoJitter())


def test_a_packet_arrives_when_it_was_sent_and_has_travelled() -> None:
    way = direction()
    assert way.next_due() is None
    way.offer([packet(1000, number=7)], 1.0)
    assert list(way.arrived(1.0)) == []
    assert way.next_due() == pytest.approx(1.021)
    assert list(way.arrived(1.0209)) == []
    assert [number_of(each) for each in way.arrived(1.0211)] == [7]
    assert way.next_due() is None


def test_nobody_has_to_ask_before_the_next_packet_is_due() -> None:
    often, rarely = direction(limit=5000), direction(limit=5000)
    packets = [packet(1000, number=number) for number in range(20)]
    for way in (often, rarely):
        way.offer(packets, 0.0)
    arrivals = {}
    for step in range(1, 400):
        arrivals.update({number_of(each): step * 0.0001 for each in often.arrived(step * 0.0001)})
    now = rarely.next_due()
    while now is not None:
        for each in rarely.arrived(now):
            assert now == pytest.approx(arrivals.pop(number_of(each)), abs=0.0002)
        now = rarely.next_due()
    assert arrivals == {}


def test_the_statistics_say_what_became_of_every_packet() -> None:
    way = direction(limit=50_000, loss=RandomLoss(0.2, Random(1)))
    way.offer([packet(1000)] * 80, 0.0)
    carried = len(list(way.arrived(10.0)))
    lost = 50 - carried
    assert 0 < lost < 25
    assert way.statistics() == DirectionStatistics(80, 80_000, carried, carried * 1000, 30, 30_000, lost, lost * 1000)


def test_what_is_lost_takes_its_time_on_the_link() -> None:
    way = direction(loss=RandomLoss(0.5, Random(1)))
    way.offer([packet(1000, number=number) for number in range(100)], 0.0)
    for step in range(2000):
        now = step * 0.0001
        for each in way.arrived(now):
            assert now == pytest.approx(DELAY_S + 0.001 * (number_of(each) + 1), abs=0.0002)
    assert way.statistics().carried_packets + way.statistics().lost_packets == 100


def test_jitter_reorders_nothing() -> None:
    way = direction(jitter=MediumJitter(0.005, 0.1, 0.05, Random(1)))
    found: list[int] = []
    for number in range(2000):
        way.offer([packet(1000, number=number)], number * 0.001)
        found += [number_of(each) for each in way.arrived(number * 0.001)]
    found += [number_of(each) for each in way.arrived(100.0)]
    assert len(found) == 2000
    assert all(before < after for before, after in pairwise(found))
