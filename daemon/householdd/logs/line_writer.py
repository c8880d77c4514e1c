"""Writes lines to a file descriptor without blocking the caller."""

from __future__ import annotations

import atexit
import contextvars
import os
import select
import threading
from collections import deque
from collections.abc import Callable

MAX_LINES = 8192
"""Greatest number of queued lines."""

MAX_BYTES = 2 * 1024 * 1024
"""Greatest size of the queue, in bytes: about four thousand lines of ended sessions."""

RESERVED_SHARE = 0.25
"""Share of both bounds that is reserved for important lines."""

FLUSH_TIMEOUT_S = 0.5
"""Seconds that the end of the process waits for queued lines."""


class LineWriter:
    """A bounded queue of lines, and a thread that writes them to a file descriptor.

    The reader of a pipe may stall: a terminal after Ctrl-S, a container runtime, a log shipper, the journal. Lines that
    find the queue full are dropped and counted. When the reader continues, the line that ``notice`` makes of their
    number takes their place.
    """

    def __init__(self, fd: int, notice: Callable[[int], bytes] | None = None) -> None:
        """``notice`` makes the line that reports a number of dropped lines; None reports none."""
        self.dropped = 0
        """Number of lines that were never written."""
        self._fd = fd
        self._notice = notice
        # Its lock is reentrant: a finaliser that runs inside `put` may log as well.
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._lines = 0
        """Number of queued lines, with those that the thread is writing."""
        self._bytes = 0
        """Size of these lines."""
        self._untold = 0
        """Number of dropped lines that were not reported."""
        self._working = False
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=f"writer-{fd}", daemon=True)
        self._thread.start()
        atexit.register(self.flush)

    def put(self, line: bytes, *, important: bool = False) -> None:
        """Queue ``line``, which ends with a newline, or drop it."""
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
        """Wait up to ``timeout`` seconds until all lines are written; return whether they are."""
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
    """Write the whole line; return False if the reader is gone or the disk is full."""
    left = memoryview(line)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            # Another process that shares the descriptor has set O_NONBLOCK.
            select.select([], [fd], [])
        except OSError:
            return False
    return True
