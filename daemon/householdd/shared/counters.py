"""What all workers together have: counts in memory that they share, each writing its own part and reading all.

No lock is needed: a part has one writer, and a sum that is read while others write is off by what they are just doing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from householdd.shared.sketch import Places, Sketch, Window, least, places

SECRET_BYTES = 16
"""Bytes at the beginning: a secret, so that nobody can choose keys that are counted as one."""

HANDSHAKES_WINDOW_S = 10.0
"""Seconds over which the handshakes of an address are averaged: a household comes in bursts."""

OUTCOMES_WINDOW_S = 60.0
"""Seconds for which ends of sessions are remembered."""

_HEAD = struct.Struct("=IIIII")
"""Live sessions; places reserved; and of handshakes the second that the worker last counted in, its count, and that of
the second before."""

_UNFINISHED = struct.Struct("=I")
"""Handshakes under way, behind the head."""

_FRONT = _HEAD.size + _UNFINISHED.size
_PART = _FRONT + Sketch.SIZE + 2 * Window.SIZE


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return SECRET_BYTES + workers * _PART


@dataclass(frozen=True)
class Outcomes:
    """How sessions of a key ended in the last ``OUTCOMES_WINDOW`` seconds."""

    failed: float
    ended: float
    """Those that failed among them."""


class _Part:
    """The part of one worker."""

    def __init__(self, memory: memoryview, start: int) -> None:
        self._memory = memory
        self._start = start
        self.live = Sketch(memory, start + _FRONT)
        self.handshakes = Window(memory, start + _FRONT + Sketch.SIZE, HANDSHAKES_WINDOW_S)
        self.outcomes = Window(memory, start + _FRONT + Sketch.SIZE + Window.SIZE, OUTCOMES_WINDOW_S)

    @property
    def head(self) -> tuple[int, int, int, int, int]:
        return _HEAD.unpack_from(self._memory, self._start)

    @head.setter
    def head(self, values: tuple[int, int, int, int, int]) -> None:
        _HEAD.pack_into(self._memory, self._start, *values)

    @property
    def unfinished(self) -> int:
        return int(_UNFINISHED.unpack_from(self._memory, self._start + _HEAD.size)[0])

    @unfinished.setter
    def unfinished(self, count: int) -> None:
        _UNFINISHED.pack_into(self._memory, self._start + _HEAD.size, count)


class SharedCounters:
    """The counts of all workers, as one of them keeps and sees them. Keys are those of a Visitor."""

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` has ``size(workers)`` bytes and is writable; ``worker`` counts from 0."""
        self._memory = memory
        workers = (len(memory) - SECRET_BYTES) // _PART
        self._parts = [_Part(memory, SECRET_BYTES + each * _PART) for each in range(workers)]
        self._own = self._parts[worker]

    def seed(self, secret: bytes) -> None:
        """Sets the secret, before anything is counted; ``secret`` has ``SECRET_SIZE`` bytes."""
        self._memory[:SECRET_BYTES] = secret

    def clear(self, worker: int) -> None:
        """Forgets what a worker had that is gone."""
        start = SECRET_BYTES + worker * _PART
        self._memory[start : start + _PART] = bytes(_PART)

    def opened(self, keys: Iterable[bytes]) -> None:
        """A session began, which each of ``keys`` has."""
        self._session(keys, 1)

    def closed(self, keys: Iterable[bytes]) -> None:
        """A session ended."""
        self._session(keys, -1)

    def reserve(self, keys: Iterable[bytes], places: int) -> None:
        """Counts places for sessions that are to come, as if they were there; a negative number gives them back."""
        sessions, reserved, *rest = self._own.head
        self._own.head = (sessions, max(reserved + places, 0), *rest)  # type: ignore[assignment]  # five numbers
        self.change(keys, places)

    def change(self, keys: Iterable[bytes], change: int) -> None:
        """Adds to the counts of keys, and to nothing else."""
        for key in keys:
            self._own.live.add(self._places(key), change)

    def handshake(self, key: bytes, now: float) -> None:
        """A handshake was let in at ``now``, a time of a clock that all workers have in common."""
        sessions, reserved, second, current, before = self._own.head
        this = int(now)
        if this != second:
            before = current if this == second + 1 else 0
            second, current = this, 0
        self._own.head = sessions, reserved, second, current + 1, before
        self._own.handshakes.add(self._places(key), now)

    def begun(self, key: bytes | None) -> None:
        """A handshake is under way; ``key`` is None for one that counts in the sum alone."""
        self._under_way(key, 1)

    def over(self, key: bytes | None) -> None:
        """A handshake that had begun is under way no more."""
        self._under_way(key, -1)

    def unfinished(self) -> int:
        """Handshakes under way, of all workers."""
        return sum(part.unfinished for part in self._parts)

    def unfinished_of(self, key: bytes) -> int:
        """Those of a key; never too few."""
        return self.of(b"u" + key)

    def ahead(self) -> bool:
        """Whether this worker has more sessions and handshakes under way than the one that has least."""
        loads = [part.head[0] + part.unfinished for part in self._parts]
        return self._own.head[0] + self._own.unfinished > min(loads)

    def sessions(self) -> int:
        """Live sessions, of all workers."""
        return sum(part.head[0] for part in self._parts)

    def reserved(self) -> int:
        """Places reserved, of all workers."""
        return sum(part.head[1] for part in self._parts)

    def of(self, key: bytes) -> int:
        """Live sessions of a key and places reserved for it, of all workers; never too few."""
        return int(least(((part.live, 1.0) for part in self._parts), self._places(key)))

    def handshakes(self, now: float) -> float:
        """Handshakes in the second up to ``now``, of all workers.

        What was counted in the second before counts for the part of it that is within: a sliding window.
        """
        this, total = int(now), 0.0
        for part in self._parts:
            *_, second, current, before = part.head
            if second == this:
                total += current + before * (1 - (now - this))
            elif second == this - 1:
                total += current * (1 - (now - this))
        return total

    def handshakes_of(self, key: bytes, now: float) -> float:
        """Handshakes of a key in a second, the mean of the last ``HANDSHAKES_WINDOW``."""
        parts = (each for part in self._parts for each in part.handshakes.parts(now))
        return least(parts, self._places(key)) / HANDSHAKES_WINDOW_S

    def ended(self, key: bytes, now: float, *, failed: bool) -> None:
        """Something of a key ended, by a failure or not."""
        self._own.outcomes.add(self._places(b"e" + key), now)
        if failed:
            self._own.outcomes.add(self._places(b"f" + key), now)

    def outcomes(self, key: bytes, now: float) -> Outcomes:
        """How what a key had has ended, at all workers."""
        parts = [each for part in self._parts for each in part.outcomes.parts(now)]
        return Outcomes(least(parts, self._places(b"f" + key)), least(parts, self._places(b"e" + key)))

    def forget_outcomes(self, key: bytes | None = None) -> None:
        """Forgets what this worker knows of a key's ends, or of all."""
        if key is None:
            self._own.outcomes.clear()
            return
        for kind in (b"e", b"f"):
            self._own.outcomes.forget(self._places(kind + key))

    def _session(self, keys: Iterable[bytes], change: int) -> None:
        sessions, *rest = self._own.head
        self._own.head = (max(sessions + change, 0), *rest)  # type: ignore[assignment]  # five numbers
        self.change(keys, change)

    def _under_way(self, key: bytes | None, change: int) -> None:
        self._own.unfinished += change
        if key is not None:
            self.change([b"u" + key], change)

    def _places(self, key: bytes) -> Places:
        return places(key, bytes(self._memory[:SECRET_BYTES]))
