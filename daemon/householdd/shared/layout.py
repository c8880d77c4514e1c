"""Sections of the shared memory: counters, demand, used tokens and stopped runs."""

from __future__ import annotations

from householdd.shared import counters, demand, stopped_runs, used_tokens
from householdd.shared.counters import SharedCounters
from householdd.shared.demand import SharedDemand
from householdd.shared.stopped_runs import StoppedRuns
from householdd.shared.used_tokens import UsedTokens


def sections(workers: int) -> tuple[slice, slice, slice, slice]:
    first = counters.size(workers)
    second = first + demand.size(workers)
    third = second + used_tokens.size(workers)
    end = third + stopped_runs.size(workers)
    return slice(first), slice(first, second), slice(second, third), slice(third, end)


def size(workers: int) -> int:
    return int(sections(workers)[-1].stop)


def views(memory: memoryview, workers: int, worker: int) -> tuple[SharedCounters, SharedDemand]:
    """``memory`` is writable, of ``size(workers)`` bytes."""
    counters_at, demand_at, *_ = sections(workers)
    return SharedCounters(memory[counters_at], worker), SharedDemand(memory[demand_at], worker)


def used_tokens_of(memory: memoryview, workers: int, worker: int) -> UsedTokens:
    """Return the used tokens; the secret of the counters must be set."""
    *_, used, _ = sections(workers)
    return UsedTokens(memory[used], worker, bytes(memory[: counters.SECRET_BYTES]))


def stopped_runs_of(memory: memoryview, workers: int, worker: int) -> StoppedRuns:
    *_, stopped = sections(workers)
    return StoppedRuns(memory[stopped], worker)
