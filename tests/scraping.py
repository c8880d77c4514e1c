"""What a Prometheus server would see of a daemon."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.daemon import Daemon, wait_until

LISTEN = ("--metrics-listen", "127.0.0.1:0")
"""Options for a daemon whose metrics are to be scraped."""


@dataclass(frozen=True)
class Scrape:
    """One look at all metrics."""

    text: str
    families: dict[str, Metric]

    def values(self, name: str, **labels: str) -> list[float]:
        """Of all series of the sample ``name`` that have these labels."""
        return [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of those."""
        return sum(self.values(name, **labels))

    def counters(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Everything that may never decrease: counters, and histograms' buckets, counts and sums."""
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            if family.type in {"counter", "histogram"}
            for sample in family.samples
        }


def url(daemon: Daemon) -> str:
    """Where the daemon said that its metrics are."""
    # A thread writes the log.
    wait_until(lambda: daemon.events("serving"), "the log says where")
    found: str = daemon.events("serving")[0]["metrics"]
    return found


def scrape(daemon: Daemon) -> Scrape:
    """The metrics now; the workers' figures in them are up to a second old, and the page half a second."""
    with urllib.request.urlopen(url(daemon), timeout=10) as answer:
        text = answer.read().decode()
    return Scrape(text, {family.name: family for family in text_string_to_metric_families(text)})
