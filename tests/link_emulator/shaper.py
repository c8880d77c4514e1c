"""A link of a given rate behind a queue."""

from __future__ import annotations

from collections.abc import Iterator

from tests.link_emulator.discipline import Discipline
from tests.link_emulator.packets import LINK_HEADER
from tests.link_emulator.rate import Rate


class Shaper:
    """Sends one packet after the other. Times are in seconds and never decrease.

    It computes when each packet leaves, so calls that come late change no rate and no order.
    """

    def __init__(self, discipline: Discipline, rate: Rate) -> None:
        self._discipline = discipline
        self._rate = rate
        self._free_at = 0.0
        """Time when the packet that is being sent has left."""

    def offer(self, packet: bytes, now: float) -> None:
        """Queue a packet. What was to be sent before ``now`` must have been taken from :meth:`sent`."""
        if self._free_at < now and not self._discipline.backlog:
            self._free_at = now
        self._discipline.enqueue(packet, now)

    def sent(self, now: float) -> Iterator[tuple[float, bytes]]:
        """Yield each packet whose sending starts by ``now``, with the time when it has left."""
        dequeue, finish = self._discipline.dequeue, self._rate.finish
        while self._free_at <= now:
            packet = dequeue(self._free_at)
            if packet is None:
                return
            self._free_at = finish(self._free_at, len(packet) + LINK_HEADER)
            yield self._free_at, packet

    def next_start(self) -> float | None:
        """Time when the sending of the next packet starts; None if none waits."""
        return self._free_at if self._discipline.backlog else None
