"""Controlled Delay (RFC 8289): drops at the head while packets have waited too long for too long."""

from __future__ import annotations

import math
from collections import deque

from tests.link_emulator.discipline import Count
from tests.link_emulator.packets import FULL_SIZE, LINK_HEADER

TARGET_S = 0.005
INTERVAL_S = 0.1
"""The RFC's own values (section 4.3 and 4.4)."""

_RECENT_INTERVALS = 16
"""Intervals within which a new dropping state continues the rate of the last one (section 5.5)."""


class CoDel:
    """Holds at most ``limit`` bytes, and drops arriving packets beyond them; times are in seconds.

    Names are those of the RFC's section 5. Queues of one discipline may share the count of what they dropped.
    """

    def __init__(
        self, limit: int, target: float = TARGET_S, interval: float = INTERVAL_S, dropped: Count | None = None
    ) -> None:
        self.backlog = 0
        self.dropped = Count() if dropped is None else dropped
        self._limit, self._target, self._interval = limit, target, interval
        self._packets: deque[tuple[float, bytes]] = deque()
        self._first_above_time: float | None = None
        self._drop_next = 0.0
        self._count = self._last_count = 0
        self._dropping = False

    def enqueue(self, packet: bytes, now: float) -> None:
        backlog = self.backlog + len(packet) + LINK_HEADER
        if backlog > self._limit:
            self.dropped.add(packet)
            return
        self.backlog = backlog
        self._packets.append((now, packet))

    def dequeue(self, now: float) -> bytes | None:
        packet, may_drop = self._take(now)
        if self._dropping:
            while packet is not None and may_drop and now >= self._drop_next:
                self.dropped.add(packet)
                self._count += 1
                packet, may_drop = self._take(now)
                if may_drop:
                    self._drop_next = self._control_law(self._drop_next)
            self._dropping = may_drop
        elif packet is not None and may_drop:
            self.dropped.add(packet)
            packet, _ = self._take(now)
            self._start_dropping(now)
        return packet

    def drop_head(self) -> None:
        """Drop the packet that has waited longest. Raises IndexError if none waits."""
        self.dropped.add(self._pop()[1])

    def _start_dropping(self, now: float) -> None:
        self._dropping = True
        # If the queue was good for a short time only, the rate of drops that controlled it is a good one to start from.
        since_last = self._count - self._last_count
        recent = now - self._drop_next < _RECENT_INTERVALS * self._interval
        self._count = since_last if since_last > 1 and recent else 1
        self._drop_next = self._control_law(now)
        self._last_count = self._count

    def _control_law(self, at: float) -> float:
        return at + self._interval / math.sqrt(self._count)

    def _take(self, now: float) -> tuple[bytes | None, bool]:
        """Return the packet at the head, and whether it may be dropped."""
        if not self._packets:
            self._first_above_time = None
            return None, False
        arrived, packet = self._pop()
        if now - arrived < self._target or self.backlog <= FULL_SIZE:
            self._first_above_time = None
            return packet, False
        if self._first_above_time is None:
            self._first_above_time = now + self._interval
            return packet, False
        return packet, now >= self._first_above_time

    def _pop(self) -> tuple[float, bytes]:
        arrived, packet = self._packets.popleft()
        self.backlog -= len(packet) + LINK_HEADER
        return arrived, packet
