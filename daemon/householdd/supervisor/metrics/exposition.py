"""Renders the metrics of the daemon for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from household.v1 import server_service_pb2 as pb
from householdd.api import metric_families as metrics
from householdd.api.metric_families import FAMILIES, Family, MetricKind
from householdd.logs import setup
from householdd.storage.problems import PROBLEM_KINDS
from householdd.supervisor.counter_aggregate import Key, Value, add
from householdd.supervisor.history.history import History
from householdd.supervisor.history.messages import CAUSES, STRETCHES
from householdd.supervisor.metrics.processes import Processes
from householdd.supervisor.metrics.rpcs import RpcCounts
from householdd.supervisor.services.server_service import DaemonState
from householdd.supervisor.worker_calls import WorkerHandle
from householdd.version import VERSION

CACHE_TTL_S = 0.5
"""Seconds for which a rendering is reused; the workers' figures are up to a second old anyway."""


@dataclass(frozen=True)
class Page:
    """Response to a scrape."""

    body: bytes
    content_type: str
    rendered_at: float
    """Monotonic time of the rendering."""


class Exposition:
    """Gathers in the event loop, and renders in a thread."""

    def __init__(
        self,
        workers: Sequence[WorkerHandle],
        state: DaemonState,
        rpcs: RpcCounts,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``now`` is a monotonic clock."""
        self._workers = workers
        self._state = state
        self._rpcs = rpcs
        self._now = now
        self._processes = Processes()
        self._rendering = asyncio.Lock()
        self._latest = Page(b"", "", now() - CACHE_TTL_S)

    async def render(self, accept: str) -> Page:
        """Return the metrics in the format for an ``Accept`` header."""
        encode, content_type = _encoder(accept)
        async with self._rendering:
            latest = self._latest
            if latest.content_type != content_type or self._now() - latest.rendered_at >= CACHE_TTL_S:
                gathered = _Gathered(
                    self._own(),
                    [(worker.name, worker.counters.parts()) for worker in self._workers],
                    {"supervisor": os.getpid(), **{f"worker-{worker.name}": worker.pid for worker in self._workers}},
                )
                # In a thread, so that calls of the control API continue meanwhile.
                body = await asyncio.to_thread(self._encode, encode, gathered)
                self._latest = Page(body, content_type, self._now())
            return self._latest

    def _own(self) -> dict[Key, Value]:
        values = dict(self._rpcs.values())
        for worker in self._workers:
            up = worker.state == pb.WORKER_STATE_READY
            values[metrics.WORKER_UP.name, (worker.name,)] = Value(up)
            values[metrics.WORKER_RESTARTS.name, (worker.name,)] = Value(worker.restarts)
        for number, word in _SERVER_STATES.items():
            values[metrics.SERVER_STATE.name, (word,)] = Value(number == self._state.state)
        values[metrics.SUPERVISOR_TASKS.name, ()] = Value(len(asyncio.all_tasks()))
        values[metrics.LOG_LINES_DROPPED.name, ("supervisor",)] = Value(setup.dropped_lines())
        values[metrics.START_TIME.name, ()] = Value(self._state.started_wall)
        values[metrics.BUILD_INFO.name, (VERSION, platform.python_version())] = Value(1)
        if self._state.certificate_expires is not None:
            values[metrics.CERTIFICATE_EXPIRES.name, ()] = Value(self._state.certificate_expires)
        if self._state.history is not None:
            values.update(_history(self._state.history))
        return values

    def _encode(self, encode: Callable[[CollectorRegistry], bytes], gathered: _Gathered) -> bytes:
        values = gathered.own
        for worker, parts in gathered.workers:
            for (name, labels), value in itertools.chain(*(part.items() for part in parts)):
                add(values, (name, (worker, *labels) if FAMILIES[name].each_worker else labels), value)
        values.update(self._processes.values(gathered.pids))
        registry = CollectorRegistry()
        registry.register(_Collector(values))
        return encode(registry)


def _history(history: History) -> dict[Key, Value]:
    status = history.store.status()
    numbers: dict[Family, float | None] = {
        metrics.HISTORY_UP: not status.problem,
        metrics.HISTORY_WARNINGS: len(status.warnings),
        metrics.HISTORY_WAITING: status.waiting,
        metrics.HISTORY_WRITTEN: status.written,
        metrics.HISTORY_DROPPED: status.dropped,
    }
    if history.webhook is not None:
        told = history.webhook.status()
        numbers |= {
            metrics.WEBHOOK_WAITING: told.waiting,
            metrics.WEBHOOK_DELIVERED: told.delivered,
            metrics.WEBHOOK_FAILED: told.failed,
            metrics.WEBHOOK_DROPPED: told.dropped,
            metrics.WEBHOOK_FAILED_AT: told.failed_at,
            metrics.WEBHOOK_NEXT_ATTEMPT: told.next_attempt_at,
        }
    values: dict[Key, Value] = {
        (family.name, ()): Value(number) for family, number in numbers.items() if number is not None
    }
    for cause, valid in itertools.product(CAUSES, (True, False)):
        labels = (cause, str(valid).lower())
        values[metrics.RUNS.name, labels] = Value(history.runs[cause, valid])
    for stretch in STRETCHES:
        values[metrics.RUNS_HURTING.name, (stretch,)] = Value(history.hurting[stretch])
    for kind in PROBLEM_KINDS:
        values[metrics.HISTORY_PROBLEM.name, (kind,)] = Value(kind == status.problem_kind)
    return values


@dataclass(frozen=True)
class _Gathered:
    own: dict[Key, Value]
    workers: Sequence[tuple[str, tuple[Mapping[Key, Value], Mapping[Key, Value]]]]
    pids: Mapping[str, int]


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    with contextlib.suppress(TypeError, ValueError):
        encode, content_type = choose_encoder(accept)
        # It contains the requested version.
        if content_type.isascii():
            return encode, content_type
    # The requested version is invalid; every Prometheus reads the plain format.
    return choose_encoder("")


_SERVER_STATES = {
    number: name.removeprefix("SERVER_STATE_").lower() for name, number in pb.ServerState.items() if number
}


class _Collector:
    """Collector in the sense of prometheus_client."""

    def __init__(self, values: dict[Key, Value]) -> None:
        self._values = values

    def collect(self) -> Iterable[Metric]:
        shown = {name: _metric(family) for name, family in FAMILIES.items()}
        for (name, labels), value in self._values.items():
            match shown[name]:
                case HistogramMetricFamily() as histogram:
                    bounds = (*map(floatToGoString, FAMILIES[name].bounds), "+Inf")
                    buckets = list(zip(bounds, itertools.accumulate(value.counts), strict=True))
                    histogram.add_metric(labels, buckets, value.number)
                case metric:
                    metric.add_metric(labels, value.number)
        return shown.values()


def _metric(family: Family) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily:
    match family.kind:
        case MetricKind.COUNTER:
            return CounterMetricFamily(family.name, family.help, labels=family.all_labels)
        case MetricKind.GAUGE:
            return GaugeMetricFamily(family.name, family.help, labels=family.all_labels)
        case MetricKind.HISTOGRAM:
            return HistogramMetricFamily(family.name, family.help, labels=family.all_labels)
