"""One direction of a line: a queue, a link, loss, and delay."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from tests.link_emulator.discipline import Count, Discipline
from tests.link_emulator.jitter import Jitter
from tests.link_emulator.loss import Loss
from tests.link_emulator.rate import Rate
from tests.link_emulator.shaper import Shaper


class DirectionStatistics(msgspec.Struct, frozen=True):
    """What became of the packets; bytes include the header of Ethernet."""

    offered_packets: int
    offered_bytes: int
    carried_packets: int
    """Given to the other side."""
    carried_bytes: int
    dropped_packets: int
    """By the queue."""
    dropped_bytes: int
    lost_packets: int
    """By the model of loss, after they had taken their time on the link."""
    lost_bytes: int


class Direction:
    """Carries packets in their order. Times are in seconds and never decrease."""

    def __init__(self, discipline: Discipline, rate: Rate, loss: Loss, delay: float, jitter: Jitter) -> None:
        """``delay`` is the constant part of the way's own delay."""
        self._discipline = discipline
        self._shaper = Shaper(discipline, rate)
        self._loss = loss
        self._delay = delay
        self._jitter = jitter
        self._on_the_way: deque[tuple[float, bytes]] = deque()
        self._last_due = 0.0
        self._offered, self._carried, self._lost = Count(), Count(), Count()

    def offer(self, packets: Iterable[bytes], now: float) -> None:
        """Take packets that arrived at the line."""
        self._advance(now)
        offer, add = self._shaper.offer, self._offered.add
        for packet in packets:
            add(packet)
            offer(packet, now)

    def arrived(self, now: float) -> Iterator[bytes]:
        """Yield the packets that are due on the other side."""
        self._advance(now)
        on_the_way, add = self._on_the_way, self._carried.add
        while on_the_way and on_the_way[0][0] <= now:
            packet = on_the_way.popleft()[1]
            add(packet)
            yield packet

    def next_due(self) -> float | None:
        """Time before which no packet arrives; None if the line is empty."""
        return self._on_the_way[0][0] if self._on_the_way else self._shaper.next_start()

    def statistics(self) -> DirectionStatistics:
        dropped = self._discipline.dropped
        return DirectionStatistics(
            self._offered.packets,
            self._offered.octets,
            self._carried.packets,
            self._carried.octets,
            dropped.packets,
            dropped.octets,
            self._lost.packets,
            self._lost.octets,
        )

    def _advance(self, now: float) -> None:
        for left, packet in self._shaper.sent(now):
            if self._loss.lost():
                self._lost.add(packet)
                continue
            # Packets do not overtake each other, whatever their jitter.
            self._last_due = max(self._last_due, left + self._delay + self._jitter.wait(left))
            self._on_the_way.append((self._last_due, packet))
