"""The memory that the workers share: their counts, behind those their ledger, and behind that the used tokens."""

from __future__ import annotations

from householdd.core import counts, ledger, used_tokens
from householdd.core.counts import Counts
from householdd.core.ledger import Ledger
from householdd.core.used_tokens import UsedTokens


def sections(workers: int) -> tuple[slice, slice, slice]:
    """Where each of the three lies."""
    first = counts.size(workers)
    second = first + ledger.size(workers)
    return slice(first), slice(first, second), slice(second, second + used_tokens.size(workers))


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return int(sections(workers)[-1].stop)


def views(memory: memoryview, workers: int, worker: int) -> tuple[Counts, Ledger]:
    """Both as ``worker``, counted from 0, has them; ``memory`` has ``size(workers)`` bytes and is writable."""
    counted, told, _ = sections(workers)
    return Counts(memory[counted], worker), Ledger(memory[told], worker)


def used_tokens_of(memory: memoryview, workers: int, worker: int) -> UsedTokens:
    """The used tokens, likewise; once the secret of the counts is set."""
    *_, used = sections(workers)
    return UsedTokens(memory[used], worker, bytes(memory[: counts.SECRET_SIZE]))
