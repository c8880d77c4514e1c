"""FQ-CoDel (RFC 8290): deficit round robin over flows with CoDel each, where flows with little to send go first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tests.link_emulator.codel import INTERVAL_S, TARGET_S, CoDel
from tests.link_emulator.discipline import Count
from tests.link_emulator.flow_queues import queue_of
from tests.link_emulator.packets import FULL_SIZE, LINK_HEADER


@dataclass(slots=True)
class _Flow:
    queue: CoDel
    credit: int = 0
    """Bytes that the flow may still send in its turn; less than 0 by what its last packet exceeded it."""
    listed: bool = False
    """Whether it is in one of the lists of turns."""


class FqCoDel:
    """Holds at most ``limit`` bytes; times are in seconds. Names are those of the RFC's section 4."""

    def __init__(self, limit: int, target: float = TARGET_S, interval: float = INTERVAL_S) -> None:
        self.backlog = 0
        self.dropped = Count()
        self._limit, self._target, self._interval = limit, target, interval
        self._flows: dict[int, _Flow] = {}
        self._new: deque[_Flow] = deque()
        self._old: deque[_Flow] = deque()

    def enqueue(self, packet: bytes, now: float) -> None:
        flow = self._flow_of(packet)
        flow.queue.enqueue(packet, now)
        self.backlog += len(packet) + LINK_HEADER
        if not flow.listed:
            flow.listed, flow.credit = True, FULL_SIZE
            self._new.append(flow)
        while self.backlog > self._limit:
            self._drop_from_longest()

    def dequeue(self, now: float) -> bytes | None:
        while True:
            turns = self._new or self._old
            if not turns:
                return None
            flow = turns[0]
            if flow.credit <= 0:
                flow.credit += FULL_SIZE
                self._old.append(turns.popleft())
                continue
            before = flow.queue.backlog
            packet = flow.queue.dequeue(now)
            self.backlog += flow.queue.backlog - before
            if packet is not None:
                flow.credit -= len(packet) + LINK_HEADER
                return packet
            turns.popleft()
            # A flow that has just been new must wait for the others before it is new again, or it would starve them.
            if turns is self._new and self._old:
                self._old.append(flow)
            else:
                flow.listed = False

    def _flow_of(self, packet: bytes) -> _Flow:
        number = queue_of(packet)
        flow = self._flows.get(number)
        if flow is None:
            # The limit of all flows together is the only one.
            queue = CoDel(2 * self._limit, self._target, self._interval, self.dropped)
            flow = self._flows[number] = _Flow(queue)
        return flow

    def _drop_from_longest(self) -> None:
        longest = max(self._flows.values(), key=lambda flow: flow.queue.backlog).queue
        before = longest.backlog
        longest.drop_head()
        self.backlog += longest.backlog - before
