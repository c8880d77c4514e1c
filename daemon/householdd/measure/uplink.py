"""Whether the server's own uplink is full, so that a queue there is taken for the client's line."""

from __future__ import annotations

FULL_SHARE = 0.9
"""Share of the capacity from which the uplink is full: an interface does not count preambles and gaps, which are 2 % of
whole packets and more of small ones, and a control pass is long enough for shorter bursts to queue."""


class UplinkUse:
    """Use of an uplink between two readings of its counters."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._counted = (0, 0)

    def is_full(self, now: float, counted: tuple[int, int], capacity_bps: float) -> bool:
        """Take the bytes received and sent so far; return whether either direction was full since the last call."""
        at, before = self._at, self._counted
        self._at, self._counted = now, counted
        if at is None or now <= at:
            return False
        most = FULL_SHARE * capacity_bps / 8 * (now - at)
        return any(after - earlier > most for after, earlier in zip(counted, before, strict=True))
