"""Demand of one direction of a session."""

from __future__ import annotations

DEMAND_PASSES = 4
"""In control passes (1 s)."""

FULL_TAKEN_SHARE = 0.9
"""Share of the offered bytes from which the line is not the bottleneck."""

DEMAND_LEAD_S = 0.5
"""Lead in seconds of traffic that counts as demand: it may begin before the next two divisions."""

MAX_LIMITED_SHARE = 1 / 20
"""Share of busy passes from which the server was the bottleneck."""


class Demand:
    """Updated at each control pass."""

    __slots__ = ("_busy_passes", "_limited_passes", "_samples", "limited_now")

    def __init__(self, now: float) -> None:
        # A deque would take over 600 bytes for its first entry.
        self._samples = [(now, 0, 0)]
        """Time, bytes offered, bytes taken."""
        self._busy_passes = 0
        self._limited_passes = 0
        self.limited_now = False

    def update(self, now: float, offered: int, taken: int, *, capped: bool) -> None:
        """Add the byte totals; ``capped`` is set if a budget holds the rate below the demand."""
        busy = offered > self._samples[-1][1]
        self._samples.append((now, offered, taken))
        if len(self._samples) > DEMAND_PASSES + 1:
            del self._samples[0]
        self.limited_now = busy and capped and self.line_bps is None
        self._busy_passes += busy
        self._limited_passes += self.limited_now

    @property
    def line_bps(self) -> float | None:
        """Rate of the line over the window, in bit/s; None if it takes all that is offered."""
        began, offered_before, taken_before = self._samples[0]
        ended, offered, taken = self._samples[-1]
        if ended <= began or taken - taken_before >= FULL_TAKEN_SHARE * (offered - offered_before):
            return None
        return (taken - taken_before) * 8 / (ended - began)

    @property
    def limited(self) -> bool:
        """Whether a budget was the bottleneck in more than one pass, and in more than 1 in 20."""
        return self._limited_passes > 1 and self._limited_passes > self._busy_passes * MAX_LIMITED_SHARE
