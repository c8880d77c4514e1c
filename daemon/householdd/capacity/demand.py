"""What one direction of a session wants of a budget: what its profile says, or what its line takes."""

from __future__ import annotations

DEMAND_PASSES = 4
"""Control passes over which it is looked at what the line takes; a second."""

FULL_SHARE = 0.9
"""Part of what was offered from which on the line is not what holds a session back."""

LEAD_S = 0.5
"""Seconds: traffic that begins by then is wanted now, since the next two passes may be the next two shares."""

_LIMITED_SHARE = 1 / 20
"""Part of the passes with traffic from which on the server was the limit, as for ``overload.Lateness``."""


class Demand:
    """Fed once a control pass."""

    __slots__ = ("_busy", "_limited", "_looks", "limited_now")

    def __init__(self, now: float) -> None:
        # Not a deque, which takes over 600 bytes for the first of its entries.
        self._looks = [(now, 0, 0)]
        """When, and all bytes offered and taken up to then."""
        self._busy = 0
        """Passes with traffic."""
        self._limited = 0
        """Those in which a budget was the limit."""
        self.limited_now = False
        """Whether a budget, and not the line, is what holds the session back."""

    def look(self, now: float, offered: int, taken: int, *, capped: bool) -> None:
        """Takes the sums of bytes up to now; ``capped`` where a budget held the direction below what it wants."""
        busy = offered > self._looks[-1][1]
        self._looks.append((now, offered, taken))
        if len(self._looks) > DEMAND_PASSES + 1:
            del self._looks[0]
        self.limited_now = busy and capped and self.line_bps is None
        self._busy += busy
        self._limited += self.limited_now

    @property
    def line_bps(self) -> float | None:
        """What the line takes, bit/s, over the last passes; None where it takes all that it is offered."""
        began, offered_before, taken_before = self._looks[0]
        ended, offered, taken = self._looks[-1]
        if ended <= began or taken - taken_before >= FULL_SHARE * (offered - offered_before):
            return None
        return (taken - taken_before) * 8 / (ended - began)

    @property
    def limited(self) -> bool:
        """Whether a budget was the limit so far: for more than one pass in twenty with traffic, and than one in all."""
        return self._limited > 1 and self._limited > self._busy * _LIMITED_SHARE
