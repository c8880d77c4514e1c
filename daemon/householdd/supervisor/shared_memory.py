"""Memory that the workers share."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
from collections.abc import Iterator

from householdd.shared.counters import SECRET_BYTES, SharedCounters
from householdd.shared.demand import SharedDemand
from householdd.shared.heartbeats import Heartbeat, of_supervisor, of_worker
from householdd.shared.layout import sections, size
from householdd.supervisor.errors import step


class SharedMemory:
    """The supervisor's view of the memory: clears the part of a worker that has ended, and has the heartbeats."""

    def __init__(self, fd: int, counters: SharedCounters, demand: SharedDemand, heartbeats: memoryview) -> None:
        self.fd = fd
        """Descriptor that the workers inherit."""
        self.heartbeat = of_supervisor(heartbeats)
        """The supervisor's."""
        self._counters = counters
        self._demand = demand
        self._heartbeats = heartbeats
        self._counters.seed(secrets.token_bytes(SECRET_BYTES))

    def clear(self, worker: int) -> None:
        """Clear the part of a worker whose process has ended."""
        self._counters.clear(worker)
        self._demand.clear(worker)

    def heartbeat_of(self, worker: int) -> Heartbeat:
        """Return the heartbeat of a worker's control loop, whichever process is that worker."""
        return of_worker(self._heartbeats, worker)


@contextlib.contextmanager
def shared_memory(workers: int) -> Iterator[SharedMemory]:
    """Make anonymous memory for ``workers``, freed with the last process that maps it. Raise DaemonError."""
    fd = _memory(size(workers))
    try:
        parts = sections(workers)
        # Views are released before the memory, which could not be closed otherwise.
        with (
            mmap.mmap(fd, size(workers)) as mapped,
            memoryview(mapped) as memory,
            memory[parts.counters] as counters,
            memory[parts.demand] as demand,
            memory[parts.heartbeats] as heartbeats,
        ):
            yield SharedMemory(fd, SharedCounters(counters, 0), SharedDemand(demand, 0), heartbeats)
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
