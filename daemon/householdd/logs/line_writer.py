"""Writes lines without blocking the caller."""

from __future__ import annotations

import atexit
import contextvars
import os
import select
import threading
from collections import deque
from collections.abc import Callable

MAX_LINES = 8192

MAX_BYTES = 2 * 1024 * 1024
"""Bytes: about four thousand lines of ended sessions."""

RESERVED_SHARE = 0.25
"""Share reserved for important lines."""

FLUSH_TIMEOUT_S = 0.5
"""Wait at the end of the process, in seconds."""


class LineWriter:
    """Bounded queue of lines, written by a thread.

    The reader of a pipe may stall. Lines that find the queue full are dropped, and counted in the line of ``notice``.
    """

    def __init__(self, fd: int, notice: Callable[[int], bytes] | None = None) -> None:
        self.dropped = 0
        self._fd = fd
        self._notice = notice
        # Reentrant: a finaliser inside `put` may log.
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._lines = 0
        self._bytes = 0
        self._untold = 0
        self._working = False
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=f"writer-{fd}", daemon=True)
        self._thread.start()
        atexit.register(self.flush)

    def put(self, line: bytes, *, important: bool = False) -> None:
        share = 1.0 if important else 1.0 - RESERVED_SHARE
        with self._changed:
            if self._lines >= MAX_LINES * share or self._bytes + len(line) > MAX_BYTES * share:
                self.dropped += 1
                self._untold += 1
                return
            self._queue.append(line)
            self._lines += 1
            self._bytes += len(line)
            self._changed.notify_all()

    def flush(self, timeout: float = FLUSH_TIMEOUT_S) -> bool:
        """Return whether all lines are written within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._working, timeout)

    def _run(self) -> None:
        failed = 0
        while True:
            batch, untold = self._next()
            failed += sum(not self._write(line) for line in batch)
            # Lines are dropped while the queue is full, so those of the batch came before them.
            if (lost := untold + failed) and self._notice is not None and _write_all(self._fd, self._notice(lost)):
                failed = 0
            else:
                # Reported with the next line that can be written.
                failed = lost

    def _next(self) -> tuple[deque[bytes], int]:
        with self._changed:
            self._working = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue or self._untold)
            self._working = True
            batch, self._queue = self._queue, deque()
            untold, self._untold = self._untold, 0
            return batch, untold

    def _write(self, line: bytes) -> bool:
        written = _write_all(self._fd, line)
        with self._changed:
            self._lines -= 1
            self._bytes -= len(line)
            self.dropped += not written
        return written


def _write_all(fd: int, line: bytes) -> bool:
    """Return False if the reader is gone or the disk is full."""
    left = memoryview(line)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            # Another process has set O_NONBLOCK.
            select.select([], [fd], [])
        except OSError:
            return False
    return True
