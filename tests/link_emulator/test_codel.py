from __future__ import annotations

import math
from itertools import pairwise

import pytest

from tests.link_emulator.codel import INTERVAL_S, TARGET_S, CoDel
from tests.link_emulator.discipline import Count
from tests.link_emulator.made_packets import number_of, packet
from tests.link_emulator.packets import FULL_SIZE

STEP_S = 0.0001


def filled(packets: int) -> CoDel:
    """A queue with packets that all arrived at time 0."""
    queue = CoDel(10**9)
    for number in range(packets):
        queue.enqueue(packet(FULL_SIZE, number=number), 0)
    return queue


def drop_times(queue: CoDel, began: float, ended: float) -> list[float]:
    """Dequeue once in each step, and return when a packet was dropped."""
    found, dropped = [], queue.dropped.packets
    for step in range(round((ended - began) / STEP_S)):
        now = began + step * STEP_S
        assert queue.dequeue(now) is not None
        found += [now] * (queue.dropped.packets - dropped)
        dropped = queue.dropped.packets
    return found


def test_drops_begin_an_interval_after_the_wait_was_too_long_and_follow_the_control_law() -> None:
    queue = filled(12_000)
    times = drop_times(queue, TARGET_S, 1.0)
    due = TARGET_S + INTERVAL_S
    assert len(times) > 20
    for count, at in enumerate(times, start=1):
        assert at == pytest.approx(due, abs=2 * STEP_S)
        due += INTERVAL_S / math.sqrt(count)


def test_it_drops_at_the_head_and_keeps_the_order() -> None:
    queue = filled(5000)
    sent = [number_of(queue.dequeue(TARGET_S + number * STEP_S) or b"") for number in range(3000)]
    assert all(after - before in {1, 2} for before, after in pairwise(sent))
    # A packet was dropped wherever a number is missing.
    assert sent[-1] == 2999 + queue.dropped.packets


def test_it_drops_nothing_that_waited_less_than_the_target() -> None:
    queue = CoDel(10**9)
    for step in range(20_000):
        now = step * STEP_S
        for number in range(10 if step % 100 == 0 else 0):
            queue.enqueue(packet(number=number), now)
        if step % 4 == 0:
            queue.dequeue(now)
    assert queue.dropped == Count()


def test_a_short_time_above_the_target_drops_nothing() -> None:
    queue = filled(500)
    assert drop_times(queue, TARGET_S, TARGET_S + 400 * STEP_S) == []
    # A packet that did not wait ends the time above the target, so the next one starts from the beginning.
    while queue.dequeue(0.06) is not None:
        pass
    for _ in range(1500):
        queue.enqueue(packet(), 0.07)
    assert drop_times(queue, 0.09, 0.09 + INTERVAL_S) == []


def test_the_last_packets_are_never_dropped() -> None:
    queue = CoDel(10**6)
    for second in range(100):
        queue.enqueue(packet(FULL_SIZE), second)
        queue.enqueue(packet(FULL_SIZE), second)
        assert queue.dequeue(second + 0.5) is not None
        assert queue.dequeue(second + 0.6) is not None
    assert queue.dropped == Count()


def first_gap_after(pause: float) -> float:
    """Return the time between the first two drops of a second bad queue, ``pause`` seconds after a first."""
    queue = filled(6000)
    first = drop_times(queue, TARGET_S, 0.5)
    while queue.dequeue(0.5) is not None:
        pass
    began = first[-1] + pause
    for _ in range(4000):
        queue.enqueue(packet(), began - TARGET_S)
    second = drop_times(queue, began, began + 0.3)
    return second[1] - second[0]


def test_a_queue_that_is_bad_again_soon_continues_at_the_rate_of_drops_that_controlled_it() -> None:
    assert first_gap_after(1.0) < INTERVAL_S / 2
    assert first_gap_after(17 * INTERVAL_S) == pytest.approx(INTERVAL_S, abs=2 * STEP_S)


def test_beyond_its_limit_it_drops_what_arrives() -> None:
    queue = CoDel(2 * FULL_SIZE)
    for number in range(3):
        queue.enqueue(packet(FULL_SIZE, number=number), 0)
    assert (queue.backlog, queue.dropped) == (2 * FULL_SIZE, Count(1, FULL_SIZE))
