"""The household from a terminal: `householdctl test` in the client's namespace, and what it printed."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import msgspec

from householdctl.data_plane.measurements import Span
from tests.daemon import Daemon
from tests.lab.netns import Namespace
from tests.truth.lines import Line


@dataclass(frozen=True)
class Run:
    """The JSON of one run."""

    document: dict[str, Any]

    @property
    def stretch(self) -> str:
        """The worst stretch, which the other figures are of."""
        return str(self.document["stretch"])

    @property
    def stretch_times(self) -> Span:
        """Unix times of the worst stretch."""
        worst = next(each for each in self.document["stretches"] if each["stretch"] == self.stretch)
        return Span(_unix_time(worst["began"]), _unix_time(worst["ended"]))

    @property
    def facts(self) -> dict[str, Any]:
        """What was measured."""
        facts: dict[str, Any] = self.document["facts"]
        return facts

    @property
    def report(self) -> dict[str, Any]:
        """What was concluded."""
        report: dict[str, Any] = self.document["report"]
        return report

    def began(self, phase: str) -> float:
        """Unix time."""
        return _unix_time(self.document["began"][phase])

    def rate_mbps(self, direction: str) -> float:
        """Payload of all people together under load, in whole cycles of their bursts."""
        return sum(float(person[direction]["got_bps"]) for person in self.facts["people"]) / 1e6

    def person(self, who: str) -> dict[str, Any]:
        """One person of the report."""
        return next(person for person in self.report["people"] if person["who"] == who)


def _unix_time(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def play(client: Namespace, daemon: Daemon, line: Line) -> Run:
    """Plays the household in the client's namespace. Raises AssertionError where nothing was measured."""
    done = subprocess.run(
        [
            *(*client.prefix, sys.executable, "-m", "householdctl", "test", daemon.url, "--insecure"),
            *("--duration", f"{line.whole_load_s:g}s", "-o", "json"),
            *([] if line.needs_warm_up else ["--computer", f"{line.computer_mbps:g}"]),
            *([] if line.both_ways else ["--download-only"]),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=line.whole_load_s + 60,
    )
    if not done.stdout:
        raise AssertionError(f"{line.name}: {done.stderr}")
    return Run(msgspec.json.decode(done.stdout))
