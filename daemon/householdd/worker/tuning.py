"""The C library's allocator and Python's garbage collector, tuned for a worker."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

MMAP_THRESHOLD_BYTES = 256 * 1024
"""Size from which memory comes from the kernel and goes back to it, page by page as it is touched.

uvloop allocates this for each connection with TLS and reads into it, for most sessions never more than a page. glibc
raises its threshold to the size of any large memory that is freed. Then the buffer lies in the heap, where earlier
handshakes have left 20 kB and more of dirty pages that nothing else can use.
"""

FULL_COLLECTION_INTERVAL = 1000
"""Collections of the middle generation between two full collections; Python's own figure is 10.

A full collection looks at all objects and holds up every session meanwhile: with 200 sessions for some 20 ms, every 5 s
by Python's figure. It finds next to nothing, because reference counts free what a session holds when it ends. Cycles
that outlive two younger generations come to some 100 bytes for each of the 7000 objects between two collections of the
middle one.
"""

_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


def fix_mmap_threshold() -> None:
    """Keep the allocator's threshold where it is; C libraries other than glibc have none."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)


def freeze_garbage_collector() -> None:
    """Exclude all present objects from collections, and make full collections rare."""
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_COLLECTION_INTERVAL)
