"""The rate of a line, and how many connections fill it, from what one and several of them get."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_CONNECTIONS = 8
"""Of the Computer in one direction."""
JOINING = 3
"""Connections that join the first one in the warm-up."""
MIN_GAIN = 1.1
"""Factor of the first one's rate that all must reach together; less is chance."""
HEADROOM = 1.5
"""Factor of the line's rate to ask for: less would fill no queue."""


@dataclass(frozen=True)
class LineRate:
    """Payload rates of a line with only the Computer on it, in one direction."""

    single_bps: float
    """Of one connection."""
    line_bps: float
    connections: int
    """That the Computer uses."""

    @property
    def wanted_bps(self) -> float:
        """Rate to ask for, of all connections together; more of them than were tried are expected to get more."""
        return HEADROOM * self.line_bps * max(1.0, self.connections / (1 + JOINING))


def line_rate(single_bps: float, together_bps: float, joined: int) -> LineRate:
    """Return the rate of a line on which one connection got ``single_bps``.

    ``together_bps`` is what it got with the ``joined`` ones that the server let join it, in all. One connection gets
    less than the line where packets are lost, or where a window is too small for the round trip.
    """
    connections = 1
    if together_bps > MIN_GAIN * single_bps:
        # Twice as many as seem to be needed, because several share what is lost unevenly.
        most = MAX_CONNECTIONS if joined == JOINING else 1 + joined
        connections = min(most, math.ceil(2 * together_bps / single_bps))
    return LineRate(single_bps, max(single_bps, together_bps), connections)
