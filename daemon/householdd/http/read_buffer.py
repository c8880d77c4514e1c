"""Memory that the event loop reads into, shared by all connections of a process.

A protocol takes all that it needs out of it before it returns to the loop. With an ``asyncio.Protocol`` instead, uvloop
has OpenSSL decrypt each record into 256 KiB of new memory and then shrinks it to the record. That is a system call each
time; see worker/tuning.py.
"""

from __future__ import annotations

BUFFER_BYTES = 256 * 1024
"""The most that uvloop reads at a time, in bytes."""

BUFFER = memoryview(bytearray(BUFFER_BYTES))
