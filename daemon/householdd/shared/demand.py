"""What the sessions of all workers want of the budgets, in memory that the workers share.

Each worker writes a part of its own and reads all, so that every worker shares the budgets by the same figures without
asking anybody, and a household that is spread over workers is one customer.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator

Row = tuple[int, float, float]
"""Of one session: the key of its customer, and what it wants to download and to upload, bit/s."""

DEMAND_TTL_S = 2.0
"""Seconds after which what a worker wrote counts no more: it stands still, and so does its traffic."""

MAX_ROWS = 65_536
"""Sessions of a worker; it has no more file descriptors. Memory that is not written costs nothing."""

_HEAD = struct.Struct("=dI")
"""When the part was written, by a clock that all workers have in common, and its rows."""

_ROW = struct.Struct("=Qdd")

_PART = _HEAD.size + MAX_ROWS * _ROW.size


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return workers * _PART


class SharedDemand:
    """The demands of all workers, as one of them tells and sees them.

    No lock is needed: whoever reads while another writes has a mixture of two passes of that one for one pass.
    """

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` has ``size(workers)`` bytes and is writable; ``worker`` counts from 0."""
        self._memory = memory
        self.workers = len(memory) // _PART
        self._own = worker

    def write(self, rows: Iterable[Row], now: float) -> None:
        """Tells what this worker's sessions want."""
        data = b"".join(_ROW.pack(*row) for row in itertools.islice(rows, MAX_ROWS))
        start = self._own * _PART
        self._memory[start + _HEAD.size : start + _HEAD.size + len(data)] = data
        _HEAD.pack_into(self._memory, start, now, len(data) // _ROW.size)

    def read(self, now: float) -> Iterator[Row]:
        """What the sessions of all workers want that are going on."""
        for worker in range(self.workers):
            start = worker * _PART
            written, rows = _HEAD.unpack_from(self._memory, start)
            if now - written < DEMAND_TTL_S:
                first = start + _HEAD.size
                yield from _ROW.iter_unpack(bytes(self._memory[first : first + rows * _ROW.size]))

    def clear(self, worker: int) -> None:
        """Forgets what a worker wanted that is gone."""
        _HEAD.pack_into(self._memory, worker * _PART, float("-inf"), 0)
