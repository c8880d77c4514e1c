"""Heartbeats of the supervisor and the workers in shared memory.

A heartbeat is a counter that a process increments each time its loop comes round. A process that is busy increments it
late, one that is stuck does not.
"""

from __future__ import annotations

import struct

MAX_STEP_S = 3.0
"""Longest time between two observations that counts, in seconds.

An observer that looks less often did not run itself: the machine was suspended, or both processes were stopped.
"""

_COUNT = struct.Struct("=Q")


def size(workers: int) -> int:
    return (1 + workers) * _COUNT.size


class Heartbeat:
    """Counter of one process."""

    def __init__(self, memory: memoryview, place: int) -> None:
        self._memory = memory
        self._start = place * _COUNT.size

    def beat(self) -> None:
        """Call from the loop of the process that owns the counter."""
        _COUNT.pack_into(self._memory, self._start, self.count + 1)

    @property
    def count(self) -> int:
        return int(_COUNT.unpack_from(self._memory, self._start)[0])


def of_supervisor(memory: memoryview) -> Heartbeat:
    """``memory`` is writable, of ``size(workers)`` bytes."""
    return Heartbeat(memory, 0)


def of_worker(memory: memoryview, worker: int) -> Heartbeat:
    """``memory`` is writable, of ``size(workers)`` bytes."""
    return Heartbeat(memory, 1 + worker)


class Standstill:
    """Time for which a heartbeat has not changed while another process observed it.

    It compares counts, not times of two processes, so it needs no clock in common.
    """

    def __init__(self, heartbeat: Heartbeat, now: float) -> None:
        self._heartbeat = heartbeat
        self._count = heartbeat.count
        self._observed_at = now
        self.seconds = 0.0

    def observe(self, now: float) -> float:
        """Return the seconds without a heartbeat; call it at least every ``MAX_STEP_S``."""
        count = self._heartbeat.count
        if count == self._count:
            self.seconds += min(now - self._observed_at, MAX_STEP_S)
        else:
            self._count, self.seconds = count, 0.0
        self._observed_at = now
        return self.seconds
