"""Counters by key in memory that processes share, without keeping the keys."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence

ROWS = 3
WIDTH = 32_768
"""Counters of a row."""

_CELL = struct.Struct("=H")
_MAX_COUNT = 2**16 - 1
_TURN = struct.Struct("=I")
_DIGEST = struct.Struct(f"={ROWS}H")

Places = Sequence[int]
"""A key's counter in each row, as ``places`` found them."""


def places(key: bytes, secret: bytes) -> Places:
    """Where ``key`` is counted; ``secret`` keeps anybody from choosing keys that are counted as one."""
    digest = hashlib.blake2b(key, digest_size=_DIGEST.size, key=secret).digest()
    return [row * WIDTH + place % WIDTH for row, place in enumerate(_DIGEST.unpack(digest))]


class Sketch:
    """A count-min sketch (Cormode and Muthukrishnan, 2005): a counter in each row, of which the least counts.

    Keys that fall together in all rows are counted as one; with 2000 keys that happens to one in 5000. A count is never
    too small.
    """

    SIZE = ROWS * WIDTH * _CELL.size

    def __init__(self, memory: memoryview, start: int) -> None:
        self._memory = memory
        self._start = start

    def add(self, where: Places, change: int) -> None:
        """Adds to a key's counters; a counter stays within 0 and 65535."""
        for place in where:
            value = min(max(self.at(place) + change, 0), _MAX_COUNT)
            _CELL.pack_into(self._memory, self._start + _CELL.size * place, value)

    def at(self, place: int) -> int:
        """One counter."""
        return int(_CELL.unpack_from(self._memory, self._start + _CELL.size * place)[0])

    def forget(self, where: Places) -> None:
        """Sets a key's counters to 0, and with them those of keys that fall together with it in a row."""
        for place in where:
            _CELL.pack_into(self._memory, self._start + _CELL.size * place, 0)

    def clear(self) -> None:
        """Sets all counters to 0."""
        self._memory[self._start : self._start + self.SIZE] = bytes(self.SIZE)


class Window:
    """What happened in the last ``seconds``: two sketches that take turns, for whole multiples of that time.

    What the turn before counted counts for the part of it that is within: a sliding window.
    """

    SIZE = 2 * (_TURN.size + Sketch.SIZE)

    def __init__(self, memory: memoryview, start: int, seconds: float) -> None:
        self._memory = memory
        self._seconds = seconds
        self._starts = start, start + _TURN.size + Sketch.SIZE
        self._sketches = [Sketch(memory, each + _TURN.size) for each in self._starts]

    def add(self, where: Places, now: float) -> None:
        """Counts one for a key."""
        turn = int(now / self._seconds)
        sketch = self._sketches[turn % 2]
        if self._turn_of(turn % 2) != turn:
            sketch.clear()
            _TURN.pack_into(self._memory, self._starts[turn % 2], turn)
        sketch.add(where, 1)

    def forget(self, where: Places) -> None:
        """As that of a sketch."""
        for sketch in self._sketches:
            sketch.forget(where)

    def clear(self) -> None:
        """Forgets everything."""
        for sketch in self._sketches:
            sketch.clear()

    def parts(self, now: float) -> Iterable[tuple[Sketch, float]]:
        """The sketches that count at ``now``, and for how much."""
        turn, gone = divmod(now / self._seconds, 1)
        for half, sketch in enumerate(self._sketches):
            if self._turn_of(half) == int(turn):
                yield sketch, 1.0
            elif self._turn_of(half) == int(turn) - 1:
                yield sketch, 1 - gone

    def _turn_of(self, half: int) -> int:
        return int(_TURN.unpack_from(self._memory, self._starts[half])[0])


def least(parts: Iterable[tuple[Sketch, float]], where: Places) -> float:
    """The count of a key in several sketches together, each taken for its part."""
    weighted = list(parts)
    return min(sum(sketch.at(place) * part for sketch, part in weighted) for place in where)
