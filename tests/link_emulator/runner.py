"""Carries packets between two TUN devices."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from tests.link_emulator.direction import Direction, DirectionStatistics

PAUSE_S = 0.00025
"""Seconds after each look at the devices without another, so that a busy line is carried in batches. A packet may be
late by as much."""

_LARGEST = 2048
"""Bytes, more than the devices' MTU."""


class Statistics(msgspec.Struct, frozen=True):
    """What a line has carried since its start."""

    seconds: float
    cpu_s: float
    """Of the process, with the kernel's work for it."""
    down: DirectionStatistics
    up: DirectionStatistics
    latest_s: float
    """Longest time that a packet was late because the process did not run; tens of milliseconds spoil a measurement."""
    unread: int = 0
    """Packets that devices dropped because the process was late; if there are any, the line was not as described."""


@dataclass
class Runner:
    """A line in two directions between the devices of the server and the client."""

    server: int
    client: int
    down: Direction
    up: Direction
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._cpu = time.process_time()
        self._latest = 0.0
        self._stopped, self._stop = os.pipe()

    def run(self) -> None:
        """Carry packets until told to stop."""
        ways = {self.server: (self.down, self.client), self.client: (self.up, self.server)}
        sources = [*ways, self._stopped]
        while True:
            # Not epoll, whose timeout has whole milliseconds.
            due = self._next_due()
            idle_for = None if due is None else max(0.0, due + self._began - self.clock())
            readable, _, _ = select.select(sources, (), (), idle_for)
            if self._stopped in readable:
                return
            now = self.clock() - self._began
            if due is not None:
                self._latest = max(self._latest, now - due)
            for source in readable:
                ways[source][0].offer(_waiting(source), now)
            for way, sink in ways.values():
                for packet in way.arrived(now):
                    os.write(sink, packet)
            time.sleep(PAUSE_S)

    def stop(self) -> None:
        """End :meth:`run`; a signal's handler may call it."""
        os.write(self._stop, b"x")

    def close(self) -> None:
        """Release what the runner holds beside the devices."""
        os.close(self._stopped)
        os.close(self._stop)

    def statistics(self, unread: int = 0) -> Statistics:
        return Statistics(
            self.clock() - self._began,
            time.process_time() - self._cpu,
            self.down.statistics(),
            self.up.statistics(),
            self._latest,
            unread,
        )

    def _next_due(self) -> float | None:
        due = [way.next_due() for way in (self.down, self.up)]
        return min((each for each in due if each is not None), default=None)


def _waiting(device: int) -> Iterator[bytes]:
    read = os.read
    try:
        while True:
            yield read(device, _LARGEST)
    except BlockingIOError:
        return
