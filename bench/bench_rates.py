"""Accuracy of the profiles' rates: measured over wanted, by profile and direction, for 1 and 50 households.

Uses the load processes of the tests, which measure ten seconds of each session.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.daemon import CROWD, running
from tests.worker.load import Rates
from tests.worker.test_rates import MEGABITS, load

SMALL = ("alex", "sarah", "jake")


def measure(*parts: list[str], workers: int, spread: float) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory), "--workers", str(workers), env=CROWD) as daemon,
    ):
        reports = load(daemon, *parts, spread=spread)
        loops = [worker.control_loop for worker in daemon.get_server().workers]
    by_profile: dict[str, list[Rates]] = defaultdict(list)
    for report in reports:
        for rates in report.sessions:
            by_profile[rates.user.partition("_")[0]].append(rates)
    for profile, all_rates in by_profile.items():
        down, up = MEGABITS[profile]
        cells = (
            _range([rates.download / down / 1e6 for rates in all_rates]),
            _range([rates.upload / up / 1e6 for rates in all_rates]),
        )
        print(f"  {profile:10}{len(all_rates):5} sessions   down {cells[0]}   up {cells[1]}")
    print(
        f"  slow control passes {sum(loop.slow_passes for loop in loops)}, "
        f"longest gap {max(loop.longest_gap.ToMilliseconds() for loop in loops)} ms, "
        f"clients' own lag {max(report.worst_lag for report in reports):.3f} s"
    )


def _range(ratios: list[float]) -> str:
    return f"{min(ratios):.4f} to {max(ratios):.4f}"


def main() -> None:
    print("one household, its Computer wishing for 50 Mbit/s; measured over wanted, least and greatest session")
    measure([*(f"{who}_1" for who in SMALL), "computer_1?throughput=50"], workers=1, spread=0)
    print("fifty households without their Computers, 2 workers")
    halves = [[f"{who}_{index}" for index in range(first, 50, 2) for who in SMALL] for first in (0, 1)]
    measure(*halves, workers=2, spread=5)


if __name__ == "__main__":
    main()
