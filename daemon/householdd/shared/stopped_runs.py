"""Runs that a client wants stopped, in memory that the workers share: its sessions may be at any of them.

Each worker writes a part of its own and reads the others', so nobody waits for anybody.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import blake2b

ENTRIES = 64
"""Stops of one worker that the others can still see. They look at each control pass."""

_DIGEST_SIZE = 16
_HEAD = struct.Struct("=I")
"""Stops that the worker has told of so far."""

_ENTRY = struct.Struct(f"={_DIGEST_SIZE}s{_DIGEST_SIZE}s")
"""Digests of the client's host and of the test id. The second is zero where all runs of the host are meant."""

_ALL = bytes(_DIGEST_SIZE)
_PART = _HEAD.size + ENTRIES * _ENTRY.size
_WRAP = 1 << 32


def size(workers: int) -> int:
    """Return the bytes of memory for this many workers."""
    return workers * _PART


class Stops:
    """Stops that came in since the last look."""

    def __init__(self, entries: set[tuple[bytes, bytes]]) -> None:
        self._entries = entries

    def __bool__(self) -> bool:
        return bool(self._entries)

    def meet(self, host: str, test_id: str) -> bool:
        """Return whether a session of this client belongs to a run that is stopped."""
        client = _digest(host)
        return (client, _ALL) in self._entries or (client, _digest(test_id)) in self._entries


class StoppedRuns:
    """The stops of all workers, as one of them tells and sees them."""

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` has ``size(workers)`` bytes and is writable; ``worker`` counts from 0."""
        self._memory = memory
        self._own = worker
        self._seen = [self._count(each) for each in range(len(memory) // _PART)]

    def stop(self, host: str, test_id: str) -> Stops:
        """Tell the other workers to stop a run of ``host``, or all of them where ``test_id`` is empty."""
        entry = _digest(host), _digest(test_id) if test_id else _ALL
        count, start = self._count(self._own), self._own * _PART
        _ENTRY.pack_into(self._memory, start + _HEAD.size + count % ENTRIES * _ENTRY.size, *entry)
        _HEAD.pack_into(self._memory, start, (count + 1) % _WRAP)
        self._seen[self._own] = (count + 1) % _WRAP
        return Stops({entry})

    def news(self) -> Stops:
        """Return what the other workers have told of since the last call."""
        entries = set[tuple[bytes, bytes]]()
        for worker, seen in enumerate(self._seen):
            count = self._count(worker)
            new = min((count - seen) % _WRAP, ENTRIES)
            self._seen[worker] = count
            start = worker * _PART + _HEAD.size
            for each in range(count - new, count):
                entries.add(_ENTRY.unpack_from(self._memory, start + each % ENTRIES * _ENTRY.size))
        return Stops(entries)

    def _count(self, worker: int) -> int:
        return int(_HEAD.unpack_from(self._memory, worker * _PART)[0])


@lru_cache(maxsize=65_536)
def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=_DIGEST_SIZE).digest()
