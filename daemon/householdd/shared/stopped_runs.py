"""Runs stopped by a client, in shared memory."""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import blake2b

MAX_ENTRIES = 64
"""Latest stops of a worker, read at each control pass."""

_DIGEST_SIZE = 16
_HEAD = struct.Struct("=I")

_ENTRY = struct.Struct(f"={_DIGEST_SIZE}s{_DIGEST_SIZE}s")
"""Digests of host and test id; the second is zero for all runs of the host."""

_ALL = bytes(_DIGEST_SIZE)
_PART_BYTES = _HEAD.size + MAX_ENTRIES * _ENTRY.size
_WRAP = 1 << 32


def size(workers: int) -> int:
    return workers * _PART_BYTES


class Stops:
    """A set of stops."""

    def __init__(self, entries: set[tuple[bytes, bytes]]) -> None:
        self._entries = entries

    def __bool__(self) -> bool:
        return bool(self._entries)

    def include(self, host: str, test_id: str) -> bool:
        """Whether the client's run is stopped."""
        client = _digest(host)
        return (client, _ALL) in self._entries or (client, _digest(test_id)) in self._entries


class StoppedRuns:
    """Stops as seen by one worker."""

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` is writable, of ``size(workers)`` bytes."""
        self._memory = memory
        self._own = worker
        self._seen = [self._count(each) for each in range(len(memory) // _PART_BYTES)]

    def stop(self, host: str, test_id: str) -> Stops:
        """Stop a run; all runs of ``host`` if ``test_id`` is empty."""
        entry = _digest(host), _digest(test_id) if test_id else _ALL
        count, start = self._count(self._own), self._own * _PART_BYTES
        _ENTRY.pack_into(self._memory, start + _HEAD.size + count % MAX_ENTRIES * _ENTRY.size, *entry)
        _HEAD.pack_into(self._memory, start, (count + 1) % _WRAP)
        self._seen[self._own] = (count + 1) % _WRAP
        return Stops({entry})

    def read_new(self) -> Stops:
        """Return other workers' stops since the last call."""
        entries = set[tuple[bytes, bytes]]()
        for worker, seen in enumerate(self._seen):
            count = self._count(worker)
            new = min((count - seen) % _WRAP, MAX_ENTRIES)
            self._seen[worker] = count
            start = worker * _PART_BYTES + _HEAD.size
            for each in range(count - new, count):
                entries.add(_ENTRY.unpack_from(self._memory, start + each % MAX_ENTRIES * _ENTRY.size))
        return Stops(entries)

    def _count(self, worker: int) -> int:
        return int(_HEAD.unpack_from(self._memory, worker * _PART_BYTES)[0])


@lru_cache(maxsize=65_536)
def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=_DIGEST_SIZE).digest()
