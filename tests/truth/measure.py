"""One line measured by the household, by irtt and by the link's counters at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from household_scoring.grade import Grade, grade
from household_scoring.statistics import percentile
from tests.daemon import running
from tests.lab.network import SERVER
from tests.truth import household, irtt
from tests.truth.bottleneck import bottleneck
from tests.truth.counters import DOWN, UP, counting
from tests.truth.lines import Line

SETTLED_S = 0.5
"""Seconds of irtt alone before a run."""

HEADERS = 14 + 20 + 32
"""Bytes of Ethernet, IPv4 and TCP in a packet, with TCP's timestamps."""

MESSAGES_MBPS = {"download": 0.216, "upload": 0.043}
"""The run's messages beside its payload, as counted in the client, with their framing of WebSocket and TLS. They go by
the clock, so they are the same on every line."""


@dataclass(frozen=True)
class Latency:
    """A series under load and its baseline, milliseconds."""

    baseline: float
    p50: float
    p95: float
    lost_share: float = 0.0

    @property
    def added_p50(self) -> float:
        """Median of the increase."""
        return self.p50 - self.baseline

    @property
    def added_p95(self) -> float:
        """95th percentile of the increase."""
        return self.p95 - self.baseline

    @property
    def grade(self) -> Grade:
        """What it deserves."""
        return grade(self.baseline, self.p95)


@dataclass(frozen=True)
class Rate:
    """One direction under load, Mbit/s, while people's bursts and pauses are whole."""

    link: float
    """All that the bottleneck let through."""
    tcp: float
    """What TCP carried of it: without headers and irtt's packets, with what was sent again."""
    household: float
    """Payload as the household counts it."""
    messages: float

    @property
    def differs_percent(self) -> float:
        """The household's payload and messages from what TCP carried."""
        return 100 * ((self.household + self.messages) / self.tcp - 1)


@dataclass(frozen=True)
class Measured:
    """A line's figures; those under load are of the worst stretch."""

    line: Line
    run: household.Run
    ours: Latency
    kernel: Latency
    """Of the server's kernel; over its own idle median."""
    irtt: Latency
    rates: dict[str, Rate]
    missed_packets: int
    """By the bottleneck, beside its queue; if there are any, the line was not as described."""


def measure(line: Line, directory: Path) -> Measured:
    """Measures. Raises LabUnavailableError where it cannot be done."""
    irtt.check_available()
    with bottleneck(line) as network:
        listen = ("--listen", f"{SERVER}:8443")
        with (
            running(directory, *listen, prefix=network.server.prefix) as daemon,
            counting(network.meters) as counters,
            irtt.pinging(network, directory) as truth,
        ):
            time.sleep(SETTLED_S)
            run = household.play(network.client, daemon, line)
        missed = network.missed_packets()
    stretch = run.stretch_times
    quiet, loaded = truth.between(run.began("idle"), run.began("load")), truth.between(stretch.began, stretch.ended)
    probe = run.facts["probe"]
    rates = {}
    for direction, port in (("download", DOWN), ("upload", UP)):
        counted = stretch.whole_cycles
        passed = counters.passed(port, counted.began, counted.ended)
        irtts = truth.between(counted.began, counted.ended).sent
        tcp = passed.octets - HEADERS * passed.packets + (HEADERS - irtt.PACKET) * irtts
        to_mbps = 8e-6 / counted.seconds
        rates[direction] = Rate(
            passed.octets * to_mbps, tcp * to_mbps, run.rate_mbps(direction), MESSAGES_MBPS[direction]
        )
    return Measured(
        line=line,
        run=run,
        ours=latency_of(probe["idle_ms"], probe["loaded_ms"]),
        kernel=latency_of(probe["kernel_idle_ms"], _kernel_ms(run)),
        irtt=latency_of(quiet.round_trips_ms, loaded.round_trips_ms, loaded.lost_share),
        rates=rates,
        missed_packets=missed,
    )


def _kernel_ms(run: household.Run) -> list[float]:
    """The connection that the report takes for its witness: the one with the least p95."""
    series: list[list[float]] = [person["kernel_ms"] for person in run.facts["people"]]
    return min(filter(None, series), key=lambda each: percentile(each, 95) or 0.0)


def latency_of(idle_ms: Sequence[float], loaded_ms: Sequence[float], lost_share: float = 0.0) -> Latency:
    baseline, p50, p95 = percentile(idle_ms, 50), percentile(loaded_ms, 50), percentile(loaded_ms, 95)
    if baseline is None or p50 is None or p95 is None:
        raise AssertionError("no round trips")
    return Latency(baseline, p50, p95, lost_share)
