"""The lines of the truth lab, and what their queues are known to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from household_scoring.grade import Grade
from tests.link_emulator.spec import BurstLossSpec, JitterSpec, RandomLossSpec


class Discipline(Enum):
    """Of the queues in both directions."""

    TAIL_DROP = auto()
    FAIR = auto()
    """Each flow has a queue of its own, which drops at its tail, and gets its share of the line."""
    CODEL = auto()
    FQ_CODEL = auto()


@dataclass(frozen=True)
class Line:
    """A customer's line. All its delay under load beyond the round trip and the jitter is queue."""

    name: str
    down_mbps: float
    up_mbps: float
    queue_ms: float
    """Time that a byte waits behind a full queue."""
    demands: tuple[Grade, ...]
    """Grades that such a queue deserves, if it is used by all that customers do."""
    discipline: Discipline = Discipline.TAIL_DROP
    load_s: float = 12.0
    """Seconds; twelve bring the hundred pings that a verdict needs of each person, in each stretch."""
    both_ways: bool = False
    """Whether the load has all stretches, downloads, uploads and both, and so takes three times ``load_s``."""
    up_queue_ms: float | None = None
    """As ``queue_ms`` but up, if it differs."""
    round_trip_ms: float = 0.0
    """Half of it in each direction."""
    jitter: JitterSpec | None = None
    """Of each direction."""
    loss: RandomLossSpec | BurstLossSpec | None = None
    """Of each direction."""
    lte: bool = False
    """Whether the rates vary like those of a mobile line; the given ones are their means."""
    known_miss: str = ""
    """Why the household is known to judge the line wrongly, or not at all."""

    @property
    def fair(self) -> bool:
        """Whether each flow has a queue of its own."""
        return self.discipline in {Discipline.FAIR, Discipline.FQ_CODEL}

    @property
    def needs_warm_up(self) -> bool:
        """Whether one connection may not fill the line; the warm-up finds how many do."""
        return self.loss is not None or self.round_trip_ms >= 600

    @property
    def emulated(self) -> bool:
        """Whether the line takes more than a rate and a queue, which is all that token buckets make."""
        return (
            self.round_trip_ms > 0
            or self.lte
            or self.jitter is not None
            or self.loss is not None
            or self.discipline in {Discipline.CODEL, Discipline.FQ_CODEL}
        )

    @property
    def down_queue_bytes(self) -> int:
        return int(self.down_mbps * 1e3 / 8 * self.queue_ms)

    @property
    def up_queue_bytes(self) -> int:
        return int(self.up_mbps * 1e3 / 8 * (self.queue_ms if self.up_queue_ms is None else self.up_queue_ms))

    @property
    def computer_mbps(self) -> float:
        """What the Computer asks for in each direction, so that it alone would fill the line; no more than it may."""
        fastest_mbps = max(self.down_mbps, self.up_mbps) if self.both_ways else self.down_mbps
        return min((_LTE_PEAK if self.lte else 1.5) * fastest_mbps, 1000)

    @property
    def whole_load_s(self) -> float:
        return 3 * self.load_s if self.both_ways else self.load_s


_SHORT_MS = 12.0
_BLOATED_MS = 300.0
"""In the middle of grade D, as twelve is of A."""

_FILLS_S = 30.0
"""Load in seconds for queues of a megabyte and more: CUBIC grows by 0.4 t^3 packets in t seconds (RFC 9438), so that
twelve seconds fill at most a megabyte."""

_FILLS_BOTH_S = 15.0
"""Load in seconds of each stretch for queues of less than a megabyte."""

_LTE_PEAK = 3
"""Times the mean; the rate is higher for some hundredths of the time."""

KERNEL_LINES = (
    # Seven packets; in a shorter queue that drops at its tail, flows lose several in a row and stand still. With eight
    # both directions together make a p95 of 29 to 31 ms, and grade A ends at 30: irtt's own grade is chance there.
    Line("5-short", 5, 5, 17, (Grade.A,)),
    *(Line(f"{mbps}-short", mbps, mbps, _SHORT_MS, (Grade.A,)) for mbps in (20, 50, 200)),
    Line("5-bloated", 5, 5, _BLOATED_MS, (Grade.D,)),
    Line("20-bloated", 20, 20, _BLOATED_MS, (Grade.D,)),
    # While both directions are busy a ping waits in both queues.
    Line("20/20-bloated", 20, 20, _BLOATED_MS, (Grade.D, Grade.F), load_s=_FILLS_BOTH_S, both_ways=True),
    Line("50-bloated", 50, 50, _BLOATED_MS, (Grade.D,), load_s=_FILLS_S),
    # At this rate one connection's send buffer, 4 MB by the kernel's default, holds no more than 100 to 120 ms.
    Line("200-bloated", 200, 200, 150, (Grade.C,), load_s=_FILLS_S),
    Line("20-fair", 20, 20, _BLOATED_MS, (Grade.A_PLUS, Grade.A), Discipline.FAIR),
    Line("50/5-bloated", 50, 5, _BLOATED_MS, (Grade.D, Grade.F), load_s=_FILLS_S),
)
"""Made by the kernel, and all without a delay of their own."""

_MIDDLE_MS = 48.0
"""In the middle of grade B."""

_LONG_MS = 100.0
"""In the middle of grade C."""

_UPLINK_MS = 600.0
"""Beyond the end of grade D by half."""

_ONE_UPLOAD = "one upload holds 4 MB at most, by the kernel's default of a send buffer, and this queue has 7.5"
_LOSSY = "eight CUBIC connections hardly fill a line that loses packets, so its queue stays short"

_WIFI = JitterSpec(access=0.0005, free=0.4, busy=0.03)
"""Others occupy the medium for 7 % of the time, for 30 ms each."""

_BURSTS = BurstLossSpec(bad=0.001, good=0.1, lost_good=0, lost_bad=0.5)
"""Half of ten packets in a row after each thousand, which is 0.5 % in all."""

EMULATED_LINES = (
    *(Line(f"rtt-{each}", 50, 10, _MIDDLE_MS, (Grade.B,), load_s=_FILLS_S, round_trip_ms=each) for each in (15, 40)),
    Line("rtt-150", 50, 10, _MIDDLE_MS, (Grade.B,), load_s=_FILLS_S, round_trip_ms=150),
    Line(
        *("rtt-600", 30, 8, _LONG_MS, (Grade.C,)),
        load_s=_FILLS_S,
        round_trip_ms=600,
        known_miss="the warm-up, counts of samples and deadlines are for shorter round trips",
    ),
    *(
        Line(
            *(f"loss-{percent:g}", 50, 10, _LONG_MS, (Grade.C,)),
            load_s=_FILLS_S,
            round_trip_ms=40,
            loss=RandomLossSpec(percent / 100),
            known_miss=_LOSSY,
        )
        for percent in (0.5, 1, 5)
    ),
    Line(
        *("loss-bursts", 50, 10, _LONG_MS, (Grade.C,)),
        load_s=_FILLS_S,
        round_trip_ms=40,
        loss=_BURSTS,
        known_miss=_LOSSY,
    ),
    Line(
        *("jitter-wifi", 50, 20, _SHORT_MS, (Grade.A, Grade.B)),
        round_trip_ms=15,
        jitter=_WIFI,
    ),
    Line("rate-lte", 25, 8, _BLOATED_MS, (Grade.D, Grade.F), load_s=_FILLS_S, round_trip_ms=40, lte=True),
    Line(
        *("codel", 50, 10, _BLOATED_MS, (Grade.A_PLUS, Grade.A), Discipline.CODEL),
        load_s=_FILLS_S,
        round_trip_ms=40,
    ),
    Line("fq_codel", 50, 10, _BLOATED_MS, (Grade.A_PLUS, Grade.A), Discipline.FQ_CODEL, round_trip_ms=40),
    Line("fair", 50, 10, _BLOATED_MS, (Grade.A_PLUS, Grade.A), Discipline.FAIR, round_trip_ms=40),
    *(
        Line(
            *(f"uplink-{up_mbps}", 50, up_mbps, _SHORT_MS, (Grade.F,)),
            load_s=_FILLS_BOTH_S if up_mbps == 5 else _FILLS_S,
            both_ways=True,
            up_queue_ms=_UPLINK_MS,
            round_trip_ms=15,
            known_miss=_ONE_UPLOAD if up_mbps == 100 else "",
        )
        for up_mbps in (5, 20, 100)
    ),
    Line("1000/50", 1000, 50, _SHORT_MS, (Grade.A_PLUS, Grade.A), round_trip_ms=15),
)
"""Made in user space."""

LINES = (*KERNEL_LINES, *EMULATED_LINES)
