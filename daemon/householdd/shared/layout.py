"""Sections of the shared memory: counters, demand, used tokens, stopped runs, heartbeats and work."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from householdd.shared import counters, demand, heartbeats, stopped_runs, used_tokens, work
from householdd.shared.counters import SharedCounters
from householdd.shared.demand import SharedDemand
from householdd.shared.heartbeats import Heartbeat
from householdd.shared.stopped_runs import StoppedRuns
from householdd.shared.used_tokens import UsedTokens
from householdd.shared.work import SharedWork


class Sections(NamedTuple):
    """Parts of the memory, in their order."""

    counters: slice
    demand: slice
    used_tokens: slice
    stopped_runs: slice
    heartbeats: slice
    work: slice


def sections(workers: int) -> Sections:
    sizes = [each.size(workers) for each in (counters, demand, used_tokens, stopped_runs, heartbeats, work)]
    ends = list(itertools.accumulate(sizes))
    return Sections(*map(slice, [0, *ends], ends))


def size(workers: int) -> int:
    return int(sections(workers)[-1].stop)


def views(memory: memoryview, workers: int, worker: int) -> tuple[SharedCounters, SharedDemand]:
    """``memory`` is writable, of ``size(workers)`` bytes."""
    parts = sections(workers)
    return SharedCounters(memory[parts.counters], worker), SharedDemand(memory[parts.demand], worker)


def used_tokens_of(memory: memoryview, workers: int, worker: int) -> UsedTokens:
    """Return the used tokens; the secret of the counters must be set."""
    secret = bytes(memory[: counters.SECRET_BYTES])
    return UsedTokens(memory[sections(workers).used_tokens], worker, secret)


def work_of(memory: memoryview, workers: int, worker: int) -> SharedWork:
    """Return the work of clients; the secret of the counters must be set."""
    return SharedWork(memory[sections(workers).work], worker, bytes(memory[: counters.SECRET_BYTES]))


def stopped_runs_of(memory: memoryview, workers: int, worker: int) -> StoppedRuns:
    return StoppedRuns(memory[sections(workers).stopped_runs], worker)


def heartbeat_of_supervisor(memory: memoryview, workers: int) -> Heartbeat:
    return heartbeats.of_supervisor(memory[sections(workers).heartbeats])


def heartbeat_of_worker(memory: memoryview, workers: int, worker: int) -> Heartbeat:
    return heartbeats.of_worker(memory[sections(workers).heartbeats], worker)
