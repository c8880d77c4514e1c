from __future__ import annotations

import pytest

from tests.link_emulator.codel import INTERVAL_S, TARGET_S
from tests.link_emulator.discipline import Count
from tests.link_emulator.fq_codel import FqCoDel
from tests.link_emulator.made_packets import number_of, packet, port_of
from tests.link_emulator.packets import FULL_SIZE, LINK_HEADER


def bulk(queue: FqCoDel, port: int, packets: int, size: int = FULL_SIZE) -> None:
    for number in range(packets):
        queue.enqueue(packet(size, port, number), 0)


def next_port(queue: FqCoDel, now: float = 0.0) -> int:
    return port_of(queue.dequeue(now) or b"")


def test_a_flow_with_little_to_send_goes_first() -> None:
    queue = FqCoDel(10**7)
    bulk(queue, 1, 100)
    bulk(queue, 2, 100)
    assert [next_port(queue) for _ in range(8)] == [1, 2] * 4
    queue.enqueue(packet(100, port=3), 0)
    assert next_port(queue) == 3


def test_a_flow_is_not_new_again_before_the_others_had_their_turn() -> None:
    queue = FqCoDel(10**7)
    bulk(queue, 1, 100)
    bulk(queue, 2, 100)
    assert [next_port(queue) for _ in range(4)] == [1, 2, 1, 2]
    served = []
    for _ in range(12):
        # As soon as it is served it has another packet: as a new flow each time it would starve the others.
        queue.enqueue(packet(FULL_SIZE, port=3), 0)
        served.append(next_port(queue))
        while queue.backlog and served[-1] != 3 and len(served) < 12:
            served.append(next_port(queue))
    assert served.count(1) >= 3
    assert served.count(2) >= 3


def test_flows_get_equal_shares_in_bytes_whatever_the_size_of_their_packets() -> None:
    queue = FqCoDel(10**7)
    sizes = {1: 1514, 2: 700, 3: 100}
    for port, size in sizes.items():
        bulk(queue, port, 10**6 // size, size)
    got = dict.fromkeys(sizes, 0)
    while sum(got.values()) < 10**6:
        sent = queue.dequeue(0) or b""
        got[port_of(sent)] += len(sent) + LINK_HEADER
    assert list(got.values()) == [pytest.approx(10**6 / 3, abs=2 * FULL_SIZE)] * 3


def test_each_flow_is_controlled_for_its_own_wait() -> None:
    queue = FqCoDel(10**7)
    bulk(queue, 1, 1000)
    numbers: dict[int, list[int]] = {1: [], 2: []}
    for step in range(500):
        now = TARGET_S + step * 0.001
        queue.enqueue(packet(100, 2, step), now)
        for _ in range(2):
            sent = queue.dequeue(now) or b""
            numbers[port_of(sent)].append(number_of(sent))
        if now < TARGET_S + INTERVAL_S - 0.001:
            assert queue.dropped == Count()
    # The bulk flow waits too long and loses packets; the other hardly waits, and loses none.
    lost = numbers[1][-1] + 1 - len(numbers[1])
    assert queue.dropped == Count(lost, lost * FULL_SIZE)
    assert lost > 5
    assert numbers[2] == list(range(500))


def test_a_full_queue_drops_from_the_longest_flow() -> None:
    queue = FqCoDel(10 * FULL_SIZE)
    bulk(queue, 1, 10)
    bulk(queue, 2, 2)
    assert queue.dropped == Count(2, 2 * FULL_SIZE)
    assert queue.backlog == 10 * FULL_SIZE
    served = [queue.dequeue(0) or b"" for _ in range(10)]
    # At its head: the oldest packets are missing.
    assert [number_of(each) for each in served if port_of(each) == 1] == list(range(2, 10))
    assert [number_of(each) for each in served if port_of(each) == 2] == [0, 1]
    assert (queue.dequeue(0), queue.backlog) == (None, 0)
