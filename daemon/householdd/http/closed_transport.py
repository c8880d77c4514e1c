"""Stands for a transport that has ended, so that a protocol holds no reference to the real one.

Transport and protocol refer to each other. Without this one both are freed at once, and not by the next collection.
"""

from __future__ import annotations

import asyncio


class ClosedTransport(asyncio.Transport):
    """Ignores every call."""

    def is_closing(self) -> bool:
        return True

    def abort(self) -> None:
        """Nothing is left to end."""

    close = abort
    write_eof = abort
    pause_reading = abort
    resume_reading = abort

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Drop ``data``."""

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing waits."""


CLOSED = ClosedTransport()
