"""The memory that the workers share: their counts, and behind those their ledger."""

from __future__ import annotations

from householdd.core import counts, ledger
from householdd.core.counts import Counts
from householdd.core.ledger import Ledger


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return counts.size(workers) + ledger.size(workers)


def views(memory: memoryview, workers: int, worker: int) -> tuple[Counts, Ledger]:
    """Both as ``worker``, counted from 0, has them; ``memory`` has ``size(workers)`` bytes and is writable."""
    first = counts.size(workers)
    return Counts(memory[:first], worker), Ledger(memory[first : size(workers)], worker)
