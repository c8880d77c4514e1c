from __future__ import annotations

from tests.link_emulator.discipline import Count
from tests.link_emulator.made_packets import number_of, packet
from tests.link_emulator.tail_drop import TailDrop


def test_it_holds_no_more_than_its_bytes_and_drops_what_arrives_beyond_them() -> None:
    queue = TailDrop(3000)
    for number, size in enumerate((1500, 1000, 501, 500)):
        queue.enqueue(packet(size, number=number), 0)
    assert queue.backlog == 3000
    assert queue.dropped == Count(1, 501)
    assert [number_of(queue.dequeue(0) or b"") for _ in range(3)] == [0, 1, 3]
    assert (queue.dequeue(0), queue.backlog) == (None, 0)


def test_there_is_room_again_for_what_has_left() -> None:
    queue = TailDrop(1500)
    for number in range(3):
        queue.enqueue(packet(1500, number=number), 0)
        assert number_of(queue.dequeue(0) or b"") == number
    assert queue.dropped == Count()
