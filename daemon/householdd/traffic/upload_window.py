"""How much of a bulk upload to request at a time."""

from __future__ import annotations

MIN_REQUEST_BYTES = 128 * 1024
"""Bytes of the first request, and the least of any; in a control pass of 0.25 s, 4.2 Mbit/s."""

GROWTH = 2.5
"""Factor by which a request exceeds what arrived in a pass: 1 Gbit/s is reached from the first one in 1.5 s, and on a
line that carries less, a client has a quarter of a second's payload in its buffer at most."""

PASSES = 4
"""Control passes, of which the best counts: one in which nothing arrived does not begin the growth again."""


class UploadWindow:
    """Follows what the line carries, which is not known beforehand."""

    __slots__ = ("_latest", "_total")

    def __init__(self) -> None:
        self._total = 0
        self._latest = [0]
        """Bytes that arrived in each of the latest passes."""

    def request(self, received: int) -> int:
        """Return the bytes to request at most; ``received`` are all bytes that arrived so far. Call once a pass."""
        self._latest = [*self._latest[1 - PASSES :], received - self._total]
        self._total = received
        return max(int(GROWTH * max(self._latest)), MIN_REQUEST_BYTES)
