"""The memory in which the workers keep the counts that they share."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
from collections.abc import Iterator

from householdd.core.counts import SECRET_SIZE, Counts, size


class SharedCounts:
    """The memory as the supervisor has it: it hands it down, and clears a worker's part when that is gone."""

    def __init__(self, fd: int, memory: memoryview) -> None:
        self.fd = fd
        """To be inherited by the workers."""
        self._counts = Counts(memory, 0)
        self._counts.seed(secrets.token_bytes(SECRET_SIZE))

    def clear(self, worker: int) -> None:
        """Forgets what a worker had whose process has ended."""
        self._counts.clear(worker)


@contextlib.contextmanager
def shared_counts(workers: int) -> Iterator[SharedCounts]:
    """Memory for this many workers; it is nobody's file and goes with the last process that has it."""
    fd = os.memfd_create("householdd-counts")
    try:
        os.ftruncate(fd, size(workers))
        with mmap.mmap(fd, size(workers)) as mapped, memoryview(mapped) as memory:
            yield SharedCounts(fd, memory)
    finally:
        os.close(fd)
