"""Deficit round robin (Shreedhar and Varghese, "Efficient Fair Queueing Using Deficit Round-Robin", SIGCOMM 1995)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tests.link_emulator.discipline import Count
from tests.link_emulator.flow_queues import queue_of
from tests.link_emulator.packets import FULL_SIZE, LINK_HEADER
from tests.link_emulator.tail_drop import TailDrop


@dataclass(slots=True)
class _Flow:
    queue: TailDrop
    credit: int = 0
    """Bytes that the flow may still send in its turn; less than 0 by what its last packet exceeded it."""


class DeficitRoundRobin:
    """A queue for each flow, which holds at most ``limit`` bytes; flows get equal shares, in bytes."""

    def __init__(self, limit: int) -> None:
        self.backlog = 0
        self.dropped = Count()
        self._limit = limit
        self._flows: dict[int, _Flow] = {}
        self._turns: deque[_Flow] = deque()
        """Flows with packets; the first has the turn."""

    def enqueue(self, packet: bytes, now: float) -> None:
        number = queue_of(packet)
        flow = self._flows.get(number)
        if flow is None:
            flow = self._flows[number] = _Flow(TailDrop(self._limit, self.dropped))
        before = flow.queue.backlog
        flow.queue.enqueue(packet, now)
        self.backlog += flow.queue.backlog - before
        if not before and flow.queue.backlog:
            flow.credit = FULL_SIZE
            self._turns.append(flow)

    def dequeue(self, now: float) -> bytes | None:
        while self._turns:
            flow = self._turns[0]
            if flow.credit <= 0:
                flow.credit += FULL_SIZE
                self._turns.rotate(-1)
                continue
            packet = flow.queue.dequeue(now)
            if packet is None:
                self._turns.popleft()
                continue
            size = len(packet) + LINK_HEADER
            flow.credit -= size
            self.backlog -= size
            return packet
        return None
