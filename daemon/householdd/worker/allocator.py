"""The C library's allocator, as a worker wants it."""

from __future__ import annotations

import ctypes
from contextlib import suppress

MMAP_THRESHOLD_BYTES = 256 * 1024
"""Bytes from which on memory comes from the kernel and goes back to it, page by page as it is touched.

uvloop takes so many for each connection with TLS and reads into them, for most sessions never more than a page. glibc
raises its own bound to the size of whatever large memory was freed. Then the buffer lies in the heap, where handshakes
before have left 20 kB and more of dirty pages that nobody else can use.
"""

_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


def settle() -> None:
    """Keeps the bound where it is from now on; other C libraries than glibc have no such bound."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
