"""The memory in which the workers keep the counts that they share."""

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
    """The memory as the supervisor has it: it hands it down, and clears a worker's part when that is gone."""

    def __init__(self, fd: int, counts: SharedCounters, ledger: SharedDemand) -> None:
        self.fd = fd
        """To be inherited by the workers."""
        self._counts = counts
        self._ledger = ledger
        self._counts.seed(secrets.token_bytes(SECRET_BYTES))

    def clear(self, worker: int) -> None:
        """Forgets what a worker had whose process has ended."""
        self._counts.clear(worker)
        self._ledger.clear(worker)


@contextlib.contextmanager
def shared_memory(workers: int) -> Iterator[SharedMemory]:
    """Memory for this many workers; it is nobody's file and goes with the last process that has it.

    Raises DaemonError.
    """
    fd = _memory(size(workers))
    try:
        counted_in, told_in, *_ = sections(workers)
        # Each view is let go before the memory that it shows, which could not be closed otherwise.
        with (
            mmap.mmap(fd, size(workers)) as mapped,
            memoryview(mapped) as memory,
            memory[counted_in] as counted,
            memory[told_in] as told,
        ):
            yield SharedMemory(fd, SharedCounters(counted, 0), SharedDemand(told, 0))
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
