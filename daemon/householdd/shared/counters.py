"""Counters of all workers in shared memory.

Without a lock: a part has one writer, and a sum may miss updates in progress.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from householdd.shared.sketch import Cells, Sketch, Window, cells_of, least

SECRET_BYTES = 16
"""Keeps clients from choosing keys that collide."""

HANDSHAKES_WINDOW_S = 10.0
"""Seconds, of requests too; a household arrives in bursts."""

OUTCOMES_WINDOW_S = 60.0
"""Seconds."""

_HEAD = struct.Struct("=IIIII")


class _Head(NamedTuple):
    sessions: int
    reserved: int
    second: int
    handshakes: int
    handshakes_before: int


_PENDING = struct.Struct("=I")
"""After the head."""

_HEADER_BYTES = _HEAD.size + _PENDING.size
_PART_BYTES = _HEADER_BYTES + Sketch.SIZE + 2 * Window.SIZE


def size(workers: int) -> int:
    return SECRET_BYTES + workers * _PART_BYTES


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of a key within ``OUTCOMES_WINDOW_S``."""

    failed: float
    ended: float
    """All ends, failures included."""


class _Part:
    def __init__(self, memory: memoryview, start: int) -> None:
        self._memory = memory
        self._start = start
        self.live = Sketch(memory, start + _HEADER_BYTES)
        self.handshakes = Window(memory, start + _HEADER_BYTES + Sketch.SIZE, HANDSHAKES_WINDOW_S)
        self.outcomes = Window(memory, start + _HEADER_BYTES + Sketch.SIZE + Window.SIZE, OUTCOMES_WINDOW_S)

    @property
    def head(self) -> _Head:
        return _Head._make(_HEAD.unpack_from(self._memory, self._start))

    @head.setter
    def head(self, values: _Head) -> None:
        _HEAD.pack_into(self._memory, self._start, *values)

    @property
    def pending(self) -> int:
        return int(_PENDING.unpack_from(self._memory, self._start + _HEAD.size)[0])

    @pending.setter
    def pending(self, count: int) -> None:
        _PENDING.pack_into(self._memory, self._start + _HEAD.size, count)


class SharedCounters:
    """Counters by the keys of ``ClientKey``."""

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` is writable, of ``size(workers)`` bytes."""
        self._memory = memory
        workers = (len(memory) - SECRET_BYTES) // _PART_BYTES
        self._parts = [_Part(memory, SECRET_BYTES + each * _PART_BYTES) for each in range(workers)]
        self._own = self._parts[worker]

    def seed(self, secret: bytes) -> None:
        """Call before anything is counted."""
        self._memory[:SECRET_BYTES] = secret

    def clear(self, worker: int) -> None:
        """Reset the part of a dead worker."""
        start = SECRET_BYTES + worker * _PART_BYTES
        self._memory[start : start + _PART_BYTES] = bytes(_PART_BYTES)

    def opened(self, keys: Iterable[bytes]) -> None:
        """Count a session that takes a place."""
        self._session(keys, 1)

    def closed(self, keys: Iterable[bytes]) -> None:
        self._session(keys, -1)

    def reserve(self, keys: Iterable[bytes], places: int) -> None:
        """Count places as if they were sessions; a negative number releases them."""
        head = self._own.head
        self._own.head = head._replace(reserved=max(head.reserved + places, 0))
        self.change(keys, places)

    def change(self, keys: Iterable[bytes], change: int) -> None:
        for key in keys:
            self._own.live.add(self._cells(key), change)

    def handshake_admitted(self, key: bytes, now: float) -> None:
        """``now`` is a clock common to all workers."""
        head, second = self._own.head, int(now)
        if second != head.second:
            before = head.handshakes if second == head.second + 1 else 0
            head = head._replace(second=second, handshakes=0, handshakes_before=before)
        self._own.head = head._replace(handshakes=head.handshakes + 1)
        self._own.handshakes.add(self._cells(key), now)

    def request_admitted(self, key: bytes, now: float) -> None:
        """Count a request that is not for a session."""
        self._own.handshakes.add(self._cells(b"q" + key), now)

    def requests_of(self, key: bytes, now: float) -> float:
        """Return such requests per second, averaged over ``HANDSHAKES_WINDOW_S``."""
        return self.handshakes_of(b"q" + key, now)

    def handshake_began(self, key: bytes | None) -> None:
        """``key`` is None for one that counts in the total only."""
        self._under_way(key, 1)

    def handshake_ended(self, key: bytes | None) -> None:
        self._under_way(key, -1)

    def pending_handshakes(self) -> int:
        return sum(part.pending for part in self._parts)

    def pending_handshakes_of(self, key: bytes) -> int:
        """Return the pending handshakes of a key; never too few."""
        return self.count(b"u" + key)

    def busier_than_least(self) -> bool:
        """Whether this worker has more sessions and handshakes than the least loaded."""
        loads = [part.head.sessions + part.pending for part in self._parts]
        return self._own.head.sessions + self._own.pending > min(loads)

    def sessions(self) -> int:
        return sum(part.head.sessions for part in self._parts)

    def reserved(self) -> int:
        return sum(part.head.reserved for part in self._parts)

    def count(self, key: bytes) -> int:
        """Return live sessions and reserved places at all workers; never too few."""
        return int(least(((part.live, 1.0) for part in self._parts), self._cells(key)))

    def handshakes(self, now: float) -> float:
        """Return the handshakes of the last second, a sliding window."""
        second, total = int(now), 0.0
        for part in self._parts:
            head = part.head
            if head.second == second:
                total += head.handshakes + head.handshakes_before * (1 - (now - second))
            elif head.second == second - 1:
                total += head.handshakes * (1 - (now - second))
        return total

    def handshakes_of(self, key: bytes, now: float) -> float:
        """Return handshakes per second, averaged over ``HANDSHAKES_WINDOW_S``."""
        parts = (each for part in self._parts for each in part.handshakes.weighted(now))
        return least(parts, self._cells(key)) / HANDSHAKES_WINDOW_S

    def add_outcome(self, key: bytes, now: float, *, failed: bool) -> None:
        self._own.outcomes.add(self._cells(b"e" + key), now)
        if failed:
            self._own.outcomes.add(self._cells(b"f" + key), now)

    def outcomes(self, key: bytes, now: float) -> Outcomes:
        parts = [each for part in self._parts for each in part.outcomes.weighted(now)]
        return Outcomes(least(parts, self._cells(b"f" + key)), least(parts, self._cells(b"e" + key)))

    def clear_outcomes(self, key: bytes | None = None) -> None:
        """Reset this worker's outcomes of a key, or all."""
        if key is None:
            self._own.outcomes.clear()
            return
        for kind in (b"e", b"f"):
            self._own.outcomes.reset(self._cells(kind + key))

    def _session(self, keys: Iterable[bytes], change: int) -> None:
        head = self._own.head
        self._own.head = head._replace(sessions=max(head.sessions + change, 0))
        self.change(keys, change)

    def _under_way(self, key: bytes | None, change: int) -> None:
        self._own.pending += change
        if key is not None:
            self.change([b"u" + key], change)

    def _cells(self, key: bytes) -> Cells:
        return cells_of(key, bytes(self._memory[:SECRET_BYTES]))
