"""What the lab reads of a run, and what it asks for."""

from __future__ import annotations

import pytest

from household_scoring.grade import Grade
from tests.truth.household import Run
from tests.truth.lines import LINES, Line

FACTS = {"people": [{"who": "computer", "upload": {"got_bps": 4.5e6}}, {"who": "alex", "upload": {"got_bps": 0.5e6}}]}
RUN = Run(
    {
        "stretch": "upload",
        "facts": FACTS,
        "began": {"idle": "2026-11-30T00:00:00.000000+00:00", "load": "2026-11-30T00:00:05.250000+00:00"},
        "stretches": [
            {
                "stretch": "download",
                "began": "2026-11-30T00:00:05.250000+00:00",
                "ended": "2026-11-30T00:00:18.250000+00:00",
            },
            {
                "stretch": "upload",
                "began": "2026-11-30T00:00:19.300000+00:00",
                "ended": "2026-11-30T00:00:32.300000+00:00",
            },
        ],
    }
)


def test_irtt_is_compared_within_the_worst_stretch() -> None:
    times = RUN.stretch_times
    assert times.seconds == pytest.approx(13)
    assert times.began - RUN.began("load") == pytest.approx(14.05)
    assert times.ended - times.whole_cycles.began == pytest.approx(10)
    assert RUN.rate_mbps("upload") == 5


@pytest.mark.parametrize("line", [line for line in LINES if line.both_ways], ids=lambda line: line.name)
def test_a_load_both_ways_can_fill_each(line: Line) -> None:
    assert line.computer_mbps >= 1.5 * max(line.down_mbps, line.up_mbps)
    assert line.whole_load_s >= 36
    assert Grade.F in line.demands
