"""Work that clients have caused at all workers, in shared memory: a part has one writer, as of the counters."""

from __future__ import annotations

from householdd.shared.sketch import Cells, Window, cells_of, least

WORK_WINDOW_S = 5.0
"""Time over which work is counted, in seconds."""

WORK_UNIT_S = 0.001
"""Unit of a counter, in seconds."""


def size(workers: int) -> int:
    return workers * Window.SIZE


class SharedWork:
    """Seconds of the workers' time by key."""

    def __init__(self, memory: memoryview, worker: int, secret: bytes) -> None:
        """``memory`` is writable, of ``size(workers)`` bytes; ``secret`` is that of the counters."""
        starts = range(0, len(memory), Window.SIZE)
        self._parts = [Window(memory, start, WORK_WINDOW_S) for start in starts]
        self._own = self._parts[worker]
        self._secret = secret

    def cells(self, key: bytes) -> Cells:
        return cells_of(b"w" + key, self._secret)

    def add(self, cells: Cells, seconds: float, now: float) -> float:
        """Count whole units of ``seconds``; return the rest. ``now`` is a clock common to all workers."""
        units = int(seconds / WORK_UNIT_S)
        if units:
            self._own.add(cells, now, units)
        return seconds - units * WORK_UNIT_S

    def used(self, cells: Cells, now: float) -> float:
        """Return the seconds of work within the window, at all workers; never too few."""
        return least((each for part in self._parts for each in part.weighted(now)), cells) * WORK_UNIT_S
