from __future__ import annotations

from householdd.shared.heartbeats import MAX_STEP_S, Heartbeat, Standstill, of_worker, size

START = 1000.0


def heartbeat() -> Heartbeat:
    return of_worker(memoryview(bytearray(size(1))), 0)


def test_a_heartbeat_that_stops_is_timed_by_its_observer_and_a_beat_begins_anew() -> None:
    beating = heartbeat()
    standstill = Standstill(beating, START)
    assert [standstill.observe(START + second) for second in (1, 2, 3)] == [1.0, 2.0, 3.0]
    beating.beat()
    assert standstill.observe(START + 4) == 0.0
    assert standstill.observe(START + 5) == 1.0


def test_a_slow_heartbeat_never_adds_up() -> None:
    beating = heartbeat()
    standstill = Standstill(beating, START)
    longest = 0.0
    for second in range(1, 100):
        if second % 9 == 0:
            beating.beat()
        longest = max(longest, standstill.observe(START + second))
    assert longest == 8.0


def test_a_pause_of_the_observer_counts_as_one_step_however_long() -> None:
    standstill = Standstill(heartbeat(), START)
    assert standstill.observe(START + 3600) == MAX_STEP_S


def test_a_process_that_takes_the_place_of_another_is_seen_by_its_first_beat() -> None:
    # The counter goes on from what the process before it left.
    first, second = (of_worker(memory, 0) for memory in [memoryview(bytearray(size(1)))] * 2)
    first.beat()
    standstill = Standstill(second, START)
    assert standstill.observe(START + 1) == 1.0
    second.beat()
    assert standstill.observe(START + 2) == 0.0
