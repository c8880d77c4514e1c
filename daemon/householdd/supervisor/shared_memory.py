"""Memory that the workers share."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
from collections.abc import Iterator

from householdd.shared.counters import SECRET_BYTES, SharedCounters
from householdd.shared.demand import SharedDemand
from householdd.shared.layout import sections, size
from householdd.supervisor.errors import step


class SharedMemory:
    """The supervisor's view of the memory: clears the part of a worker that has ended."""

    def __init__(self, fd: int, counters: SharedCounters, demand: SharedDemand) -> None:
        self.fd = fd
        """Descriptor that the workers inherit."""
        self._counters = counters
        self._demand = demand
        self._counters.seed(secrets.token_bytes(SECRET_BYTES))

    def clear(self, worker: int) -> None:
        """Clear the part of a worker whose process has ended."""
        self._counters.clear(worker)
        self._demand.clear(worker)


@contextlib.contextmanager
def shared_memory(workers: int) -> Iterator[SharedMemory]:
    """Make anonymous memory for ``workers``, freed with the last process that maps it. Raise DaemonError."""
    fd = _memory(size(workers))
    try:
        counters, demand, *_ = sections(workers)
        # Views are released before the memory, which could not be closed otherwise.
        with (
            mmap.mmap(fd, size(workers)) as mapped,
            memoryview(mapped) as memory,
            memory[counters] as counters_view,
            memory[demand] as demand_view,
        ):
            yield SharedMemory(fd, SharedCounters(counters_view, 0), SharedDemand(demand_view, 0))
    finally:
        os.close(fd)


def _memory(length: int) -> int:
    """Return the descriptor of new memory. Raise DaemonError."""
    with contextlib.ExitStack() as stack, step("memory that workers share"):
        fd = os.memfd_create("householdd-counts")
        stack.callback(os.close, fd)
        os.ftruncate(fd, length)
        stack.pop_all()
        return fd
