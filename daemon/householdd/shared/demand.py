"""Demand for budgeted payload, in shared memory.

All workers divide the budgets by the same figures, so that a household spread over them is one customer.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator

Row = tuple[int, float, float]
"""Customer's key, download and upload in bit/s."""

DEMAND_TTL_S = 2.0
"""Seconds after which a worker's demand is ignored: it is stuck, and so is its traffic."""

MAX_ROWS = 65_536
"""As many as a worker has file descriptors. Unwritten memory costs nothing."""

_HEAD = struct.Struct("=dI")
"""Time on a clock common to all workers, number of rows."""

_ROW = struct.Struct("=Qdd")

_PART_BYTES = _HEAD.size + MAX_ROWS * _ROW.size


def size(workers: int) -> int:
    return workers * _PART_BYTES


class SharedDemand:
    """Demand as seen by one worker.

    Without a lock: a concurrent read mixes two passes of one worker, for one pass.
    """

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` is writable, of ``size(workers)`` bytes."""
        self._memory = memory
        self.workers = len(memory) // _PART_BYTES
        self._own = worker

    def write(self, rows: Iterable[Row], now: float) -> None:
        data = b"".join(_ROW.pack(*row) for row in itertools.islice(rows, MAX_ROWS))
        start = self._own * _PART_BYTES
        self._memory[start + _HEAD.size : start + _HEAD.size + len(data)] = data
        _HEAD.pack_into(self._memory, start, now, len(data) // _ROW.size)

    def read(self, now: float) -> Iterator[Row]:
        for worker in range(self.workers):
            start = worker * _PART_BYTES
            written, rows = _HEAD.unpack_from(self._memory, start)
            if now - written < DEMAND_TTL_S:
                first = start + _HEAD.size
                yield from _ROW.iter_unpack(bytes(self._memory[first : first + rows * _ROW.size]))

    def clear(self, worker: int) -> None:
        _HEAD.pack_into(self._memory, worker * _PART_BYTES, float("-inf"), 0)
