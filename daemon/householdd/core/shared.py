"""The memory that the workers share: their counts, behind those their ledger, and behind that the used tokens."""

from __future__ import annotations

from householdd.core import counts, ledger, used_tokens
from householdd.core.counts import Counts
from householdd.core.ledger import Ledger
from householdd.core.used_tokens import UsedTokens


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return counts.size(workers) + ledger.size(workers) + used_tokens.size(workers)


def views(memory: memoryview, workers: int, worker: int) -> tuple[Counts, Ledger]:
    """Both as ``worker``, counted from 0, has them; ``memory`` has ``size(workers)`` bytes and is writable."""
    first = counts.size(workers)
    second = first + ledger.size(workers)
    return Counts(memory[:first], worker), Ledger(memory[first:second], worker)


def used_tokens_of(memory: memoryview, workers: int, worker: int) -> UsedTokens:
    """The used tokens, likewise; once the secret of the counts is set."""
    first = counts.size(workers) + ledger.size(workers)
    secret = bytes(memory[: counts.SECRET_SIZE])
    return UsedTokens(memory[first : size(workers)], worker, secret)
