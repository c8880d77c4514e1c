"""A first-in, first-out queue that drops arriving packets when it is full."""

from __future__ import annotations

from collections import deque

from tests.link_emulator.discipline import Count
from tests.link_emulator.packets import LINK_HEADER


class TailDrop:
    """Holds at most ``limit`` bytes. Queues of one discipline may share the count of what they dropped."""

    def __init__(self, limit: int, dropped: Count | None = None) -> None:
        self.backlog = 0
        self.dropped = Count() if dropped is None else dropped
        self._limit = limit
        self._packets: deque[bytes] = deque()

    def enqueue(self, packet: bytes, now: float) -> None:  # noqa: ARG002 - the time decides nothing here
        backlog = self.backlog + len(packet) + LINK_HEADER
        if backlog > self._limit:
            self.dropped.add(packet)
            return
        self.backlog = backlog
        self._packets.append(packet)

    def dequeue(self, now: float) -> bytes | None:  # noqa: ARG002 - the time decides nothing here
        if not self._packets:
            return None
        packet = self._packets.popleft()
        self.backlog -= len(packet) + LINK_HEADER
        return packet
