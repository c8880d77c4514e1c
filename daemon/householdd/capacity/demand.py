"""Demand of one direction of a session: the rate of its profile, or what its line takes."""

from __future__ import annotations

DEMAND_PASSES = 4
"""Window for estimating the line rate, in control passes (1 s)."""

FULL_TAKEN_SHARE = 0.9
"""Share of the offered bytes from which the line is not the bottleneck."""

DEMAND_LEAD_S = 0.5
"""Traffic that begins within this many seconds is demand already: it may begin before the next two divisions of
budgets."""

MAX_LIMITED_SHARE = 1 / 20
"""Share of the passes with traffic from which the server was the bottleneck, as in ``Lateness``."""


class Demand:
    """Updated at each control pass."""

    __slots__ = ("_busy_passes", "_limited_passes", "_samples", "limited_now")

    def __init__(self, now: float) -> None:
        # A deque would take over 600 bytes for its first entry.
        self._samples = [(now, 0, 0)]
        """Time, and the bytes offered and taken up to then."""
        self._busy_passes = 0
        """Passes with traffic."""
        self._limited_passes = 0
        """Passes in which a budget was the bottleneck."""
        self.limited_now = False
        """Whether a budget, not the line, is the bottleneck."""

    def update(self, now: float, offered: int, taken: int, *, capped: bool) -> None:
        """Add the byte totals at ``now``; ``capped`` is set if a budget holds the direction below its demand."""
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
        """Whether a budget was the bottleneck in more than one pass, and in more than 1 in 20 passes with traffic."""
        return self._limited_passes > 1 and self._limited_passes > self._busy_passes * MAX_LIMITED_SHARE
