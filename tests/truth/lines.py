"""The lines of the truth lab, and what their queues are known to do."""

from __future__ import annotations

from dataclasses import dataclass

from household_scoring.grade import Grade


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
    load_s: float = 12.0
    """Seconds; twelve bring the hundred pings that a verdict needs of each person."""

    @property
    def computer_mbps(self) -> float:
        """What the Computer asks for, so that it alone would fill the line."""
        return self.down_mbps * 1.5


_SHORT_MS = 12.0
_BLOATED_MS = 300.0
"""In the middle of grade D, as twelve is of A."""

_FILLS_S = 30.0
"""Load in seconds for queues of a megabyte and more: CUBIC grows by 0.4 t^3 packets in t seconds (RFC 9438), so that
twelve seconds fill at most a megabyte."""

LINES = (
    # Seven packets; in a shorter queue that drops at its tail, flows lose several in a row and stand still. With eight
    # both directions together make a p95 of 29 to 31 ms, and grade A ends at 30: irtt's own grade is chance there.
    Line("5-short", 5, 5, 17, (Grade.A,)),
    *(Line(f"{mbps}-short", mbps, mbps, _SHORT_MS, (Grade.A,)) for mbps in (20, 50, 200)),
    Line("5-bloated", 5, 5, _BLOATED_MS, (Grade.D,)),
    Line("20-bloated", 20, 20, _BLOATED_MS, (Grade.D,)),
    Line("50-bloated", 50, 50, _BLOATED_MS, (Grade.D,), load_s=_FILLS_S),
    # At this rate one connection's send buffer, 4 MB by the kernel's default, holds no more than 100 to 120 ms.
    Line("200-bloated", 200, 200, 150, (Grade.C,), load_s=_FILLS_S),
    Line("20-fair", 20, 20, _BLOATED_MS, (Grade.A_PLUS, Grade.A), fair=True),
    Line("50/5-bloated", 50, 5, _BLOATED_MS, (Grade.D, Grade.F), load_s=_FILLS_S),
)
