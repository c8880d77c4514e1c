"""What the line carries when only the Computer is on it, so that it asks for what this line can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WARM_UP_S = 3.0
RAMP_S = 1.0
"""What the beginning of a TCP connection takes to find its rate, and is left out."""
SETTLE_S = 1.0
"""Time for the line to empty its queue before the household comes."""
HEADROOM = 1.5
"""The Computer has to want more than the line carries, else it fills no queue; this also makes up for a slow start."""


@dataclass(frozen=True)
class WarmUp:
    """What was found. Rates are payload."""

    line_bps: float
    """What arrived when only the Computer was on the line."""
    computer_mbps: float
    """What it asked for in the run because of that."""


def warm_up_of(arrivals: Sequence[tuple[float, int]], began: float, most_mbps: float) -> WarmUp | None:
    """What ``arrivals`` (time in seconds, bytes) say of a warm-up that began then; None where nothing came.

    The Computer asks for ``most_mbps`` at most.
    """
    count = sum(count for at, count in arrivals if began + RAMP_S < at <= began + WARM_UP_S)
    if count == 0:
        return None
    line_bps = count * 8 / (WARM_UP_S - RAMP_S)
    return WarmUp(line_bps, min(max(1, round(HEADROOM * line_bps / 1e6)), most_mbps))
