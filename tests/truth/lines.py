"""The lines of the truth lab, and what their queues are known to do."""

from __future__ import annotations

from dataclasses import dataclass

from householdscore.grade import Grade


@dataclass(frozen=True)
class Line:
    """A customer's line, with a queue that drops at its tail in each direction. All its delay under load is queue."""

    name: str
    down_mbps: float
    up_mbps: float
    queue_ms: float
    """Time that a byte waits behind a full queue."""
    demands: tuple[Grade, ...]
    """Grades that such a queue deserves."""
    fair: bool = False
    """Whether each flow has a queue of its own, which gets its share of the line."""

    @property
    def computer_mbps(self) -> float:
        """What the Computer asks for, so that it alone would fill the line."""
        return self.down_mbps * 1.5


_SHORT_MS = 12.0
_BLOATED_MS = 300.0
"""In the middle of grade D, as twelve is of A."""

LINES = (
    *(Line(f"{mbps}-short", mbps, mbps, _SHORT_MS, (Grade.A,)) for mbps in (5, 20, 50, 200)),
    *(Line(f"{mbps}-bloated", mbps, mbps, _BLOATED_MS, (Grade.D,)) for mbps in (5, 20, 50)),
    # At this rate the server's send buffer, 4 MB by the kernel's default, ends before the queue does.
    Line("200-bloated", 200, 200, 150, (Grade.C,)),
    Line("20-fair", 20, 20, _BLOATED_MS, (Grade.A_PLUS, Grade.A), fair=True),
    Line("50/5-bloated", 50, 5, _BLOATED_MS, (Grade.D, Grade.F)),
)
