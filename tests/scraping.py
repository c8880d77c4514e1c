"""Metrics of a daemon as scraped by Prometheus."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.daemon import Daemon, wait_until

LISTEN = ("--metrics-listen", "127.0.0.1:0")
"""Options of a daemon with metrics."""


@dataclass(frozen=True)
class Scrape:
    """One scrape of all metrics."""

    text: str
    families: dict[str, Metric]

    def values(self, name: str, **labels: str) -> list[float]:
        """Return the values of all series of ``name`` with these labels."""
        return [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the values."""
        return sum(self.values(name, **labels))

    def counters(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return all series that never decrease: counters, and buckets, counts and sums of histograms."""
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            if family.type in {"counter", "histogram"}
            for sample in family.samples
        }


def url(daemon: Daemon) -> str:
    """Return the metrics' URL from the daemon's log."""
    # A thread writes the log.
    wait_until(lambda: daemon.events("serving"), "the log says where")
    found: str = daemon.events("serving")[0]["metrics"]
    return found


def scrape(daemon: Daemon) -> Scrape:
    """Return the metrics; workers' figures may be a second old, and the page half a second."""
    with urllib.request.urlopen(url(daemon), timeout=10) as answer:
        text = answer.read().decode()
    return Scrape(text, {family.name: family for family in text_string_to_metric_families(text)})
