from __future__ import annotations

import pytest

from tests.link_emulator.deficit_round_robin import DeficitRoundRobin
from tests.link_emulator.discipline import Count
from tests.link_emulator.made_packets import packet, port_of
from tests.link_emulator.packets import FULL_SIZE, LINK_HEADER


def test_flows_get_equal_shares_in_bytes_whatever_the_size_of_their_packets() -> None:
    queue = DeficitRoundRobin(10**6)
    sizes = {1: 1514, 2: 700, 3: 100}
    for port, size in sizes.items():
        for _ in range(10**6 // size):
            queue.enqueue(packet(size, port), 0)
    got = dict.fromkeys(sizes, 0)
    while sum(got.values()) < 10**6:
        sent = queue.dequeue(0) or b""
        got[port_of(sent)] += len(sent) + LINK_HEADER
    assert list(got.values()) == [pytest.approx(10**6 / 3, abs=2 * FULL_SIZE)] * 3


def test_a_full_queue_drops_packets_of_its_own_flow_only() -> None:
    queue = DeficitRoundRobin(2 * FULL_SIZE)
    for _ in range(5):
        queue.enqueue(packet(FULL_SIZE, port=1), 0)
    queue.enqueue(packet(FULL_SIZE, port=2), 0)
    assert queue.dropped == Count(3, 3 * FULL_SIZE)
    assert queue.backlog == 3 * FULL_SIZE
    assert [port_of(queue.dequeue(0) or b"") for _ in range(3)] == [1, 2, 1]
    assert (queue.dequeue(0), queue.backlog) == (None, 0)


def test_a_packet_larger_than_a_whole_queue_is_dropped_and_leaves_nothing_behind() -> None:
    queue = DeficitRoundRobin(1000)
    queue.enqueue(packet(1001), 0)
    assert (queue.dequeue(0), queue.dropped) == (None, Count(1, 1001))
