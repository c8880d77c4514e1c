"""What one worker counted, across its processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from household.v1 import server_service_pb2 as pb
from householdd.api.metric_families import FAMILIES, SESSIONS, SESSIONS_CLOSED, MetricKind
from householdd.session.close_reason import CloseReason

Key = tuple[str, tuple[str, ...]]
"""A metric's name and the values of its labels."""


@dataclass(frozen=True)
class Value:
    """A number, or a histogram: the sum of what was observed, and how often, by range."""

    number: float
    counts: tuple[int, ...] = ()

    def __add__(self, other: Value) -> Value:
        return Value(
            self.number + other.number,
            tuple(one + another for one, another in zip(self.counts, other.counts, strict=True)),
        )


def add(values: dict[Key, Value], key: Key, more: Value) -> None:
    """Adds ``more`` to what ``values`` has."""
    before = values.get(key)
    values[key] = more if before is None else before + more


class CounterAggregate:
    """Counters continue over a restart of the process; gauges are those of the running process."""

    def __init__(self) -> None:
        self._past: Mapping[Key, Value] = {}
        """Counters and histograms of processes that have ended."""
        self._latest: Mapping[Key, Value] = {}

    def heard(self, samples: Iterable[pb.Sample]) -> None:
        """Takes what the running process counted so far; what is no known metric is left out."""
        # A worker that starts after an upgrade of the package may know other metrics than its supervisor.
        self._latest = {
            (sample.metric, tuple(sample.labels)): Value(sample.value, tuple(sample.counts))
            for sample in samples
            if _fits(sample)
        }

    def retire(self) -> None:
        """The process has ended; what it counted stays, and its live sessions count as lost."""
        past = dict(self._past)
        for (name, labels), value in self._latest.items():
            if FAMILIES[name].kind is not MetricKind.GAUGE:
                add(past, (name, labels), value)
            elif name == SESSIONS.name:
                lost = (SESSIONS_CLOSED.name, (labels[0], CloseReason.WORKER_LOST.value))
                add(past, lost, value)
        self._past, self._latest = past, {}

    def parts(self) -> tuple[Mapping[Key, Value], Mapping[Key, Value]]:
        """What is to be added up; neither part changes from now on, so another thread can do it."""
        return self._past, self._latest

    def value(self, key: Key) -> Value | None:
        """One of them; None where the worker never told it."""
        past, latest = self._past.get(key), self._latest.get(key)
        return past if latest is None else latest if past is None else past + latest


def _fits(sample: pb.Sample) -> bool:
    family = FAMILIES.get(sample.metric)
    if family is None or len(sample.labels) != len(family.labels):
        return False
    buckets = len(family.bounds) + 1 if family.kind is MetricKind.HISTOGRAM else 0
    return len(sample.counts) == buckets
