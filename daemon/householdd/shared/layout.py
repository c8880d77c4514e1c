"""The memory that the workers share: their counts, their ledger, the used tokens, and the runs that are stopped."""

from __future__ import annotations

from householdd.shared import counters, demand, stopped_runs, used_tokens
from householdd.shared.counters import SharedCounters
from householdd.shared.demand import SharedDemand
from householdd.shared.stopped_runs import StoppedRuns
from householdd.shared.used_tokens import UsedTokens


def sections(workers: int) -> tuple[slice, slice, slice, slice]:
    """Where each of the four lies."""
    first = counters.size(workers)
    second = first + demand.size(workers)
    third = second + used_tokens.size(workers)
    end = third + stopped_runs.size(workers)
    return slice(first), slice(first, second), slice(second, third), slice(third, end)


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return int(sections(workers)[-1].stop)


def views(memory: memoryview, workers: int, worker: int) -> tuple[SharedCounters, SharedDemand]:
    """Both as ``worker``, counted from 0, has them; ``memory`` has ``size(workers)`` bytes and is writable."""
    counted, told, *_ = sections(workers)
    return SharedCounters(memory[counted], worker), SharedDemand(memory[told], worker)


def used_tokens_of(memory: memoryview, workers: int, worker: int) -> UsedTokens:
    """The used tokens, likewise; once the secret of the counts is set."""
    *_, used, _ = sections(workers)
    return UsedTokens(memory[used], worker, bytes(memory[: counters.SECRET_BYTES]))


def stopped_runs_of(memory: memoryview, workers: int, worker: int) -> StoppedRuns:
    """Return the runs that are stopped, likewise."""
    *_, stopped = sections(workers)
    return StoppedRuns(memory[stopped], worker)
