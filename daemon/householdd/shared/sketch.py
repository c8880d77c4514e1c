"""Counters by key, without storing the keys."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence

ROWS = 3
WIDTH = 32_768

_CELL = struct.Struct("=H")
_MAX_COUNT = 2**16 - 1
_PERIOD = struct.Struct("=I")
_DIGEST = struct.Struct(f"={ROWS}H")

Cells = Sequence[int]
"""Index of a key's counter in each row."""


def cells_of(key: bytes, secret: bytes) -> Cells:
    """``secret`` keeps clients from choosing keys that collide."""
    digest = hashlib.blake2b(key, digest_size=_DIGEST.size, key=secret).digest()
    return [row * WIDTH + cell % WIDTH for row, cell in enumerate(_DIGEST.unpack(digest))]


class Sketch:
    """Count-min sketch (Cormode and Muthukrishnan, 2005): the least of a key's counters counts.

    With 2000 keys, one in 5000 collides in all rows. A count is never too small.
    """

    SIZE = ROWS * WIDTH * _CELL.size

    def __init__(self, memory: memoryview, start: int) -> None:
        self._memory = memory
        self._start = start

    def add(self, cells: Cells, change: int) -> None:
        """Counters stay within 0 and 65535."""
        for cell in cells:
            value = min(max(self.at(cell) + change, 0), _MAX_COUNT)
            _CELL.pack_into(self._memory, self._start + _CELL.size * cell, value)

    def at(self, cell: int) -> int:
        return int(_CELL.unpack_from(self._memory, self._start + _CELL.size * cell)[0])

    def reset(self, cells: Cells) -> None:
        """Reset keys that collide, too."""
        for cell in cells:
            _CELL.pack_into(self._memory, self._start + _CELL.size * cell, 0)

    def clear(self) -> None:
        self._memory[self._start : self._start + self.SIZE] = bytes(self.SIZE)


class Window:
    """Sliding window: two sketches that alternate every ``seconds``.

    The previous one is weighted by its part of the window.
    """

    SIZE = 2 * (_PERIOD.size + Sketch.SIZE)

    def __init__(self, memory: memoryview, start: int, seconds: float) -> None:
        self._memory = memory
        self._seconds = seconds
        self._starts = start, start + _PERIOD.size + Sketch.SIZE
        self._sketches = [Sketch(memory, each + _PERIOD.size) for each in self._starts]

    def add(self, cells: Cells, now: float, change: int = 1) -> None:
        period = int(now / self._seconds)
        sketch = self._sketches[period % 2]
        if self._period_of(period % 2) != period:
            sketch.clear()
            _PERIOD.pack_into(self._memory, self._starts[period % 2], period)
        sketch.add(cells, change)

    def reset(self, cells: Cells) -> None:
        for sketch in self._sketches:
            sketch.reset(cells)

    def clear(self) -> None:
        for sketch in self._sketches:
            sketch.clear()

    def weighted(self, now: float) -> Iterable[tuple[Sketch, float]]:
        """Yield the sketches that count, with their weights."""
        period, elapsed = divmod(now / self._seconds, 1)
        for half, sketch in enumerate(self._sketches):
            if self._period_of(half) == int(period):
                yield sketch, 1.0
            elif self._period_of(half) == int(period) - 1:
                yield sketch, 1 - elapsed

    def _period_of(self, half: int) -> int:
        return int(_PERIOD.unpack_from(self._memory, self._starts[half])[0])


def least(weighted: Iterable[tuple[Sketch, float]], cells: Cells) -> float:
    sketches = list(weighted)
    return min(sum(sketch.at(cell) * weight for sketch, weight in sketches) for cell in cells)
