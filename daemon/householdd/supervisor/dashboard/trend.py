"""Recent history of the daemon, from the polls of the workers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from household.v1 import server_service_pb2 as pb
from householdd.api.metric_families import PASS_GAP, ROUND_TRIP, SLOW_PASSES
from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.measure.histogram import quantile
from householdd.supervisor.counter_aggregate import Value
from householdd.supervisor.worker_calls import WorkerHandle

MAX_POINTS = 600
"""Points kept, one per second."""

RECENT_S = 300
"""Window of the recent counts, in points."""

WINDOW_S = 10
"""Window for round trips and lateness, in points; one second has few samples."""


class TrendPoint(msgspec.Struct, frozen=True, array_like=True):
    """The daemon at one moment."""

    at: float
    """Unix time."""
    sessions: int
    download_bps: float
    upload_bps: float
    round_trip_p50: float | None
    """Seconds; None if no ping was answered in the window."""
    round_trip_p95: float | None
    lateness: float | None
    """Mean delay of the control passes of the slowest worker, in seconds; None if unknown."""


@dataclass(frozen=True)
class _Sums:
    """Counters since the start."""

    round_trips: tuple[int, ...]
    gaps: dict[str, Value]
    """Gaps between control passes, by worker."""
    slow: dict[str, float]
    closes: Counter[int]


class Trend:
    """Keeps the points of the last ten minutes."""

    def __init__(self, workers: Sequence[WorkerHandle]) -> None:
        self._workers = workers
        self._sums = deque[_Sums](maxlen=RECENT_S)
        self.points = deque[TrendPoint](maxlen=MAX_POINTS)
        """Points, oldest first."""

    def take(self, server: pb.Server, at: float) -> None:
        """Record a point. ``server`` is the latest known state of the daemon, ``at`` Unix time."""
        self._sums.append(self._read(server))
        now, before = self._sums[-1], self._sums[max(len(self._sums) - 1 - WINDOW_S, 0)]
        counts = [new - old for new, old in zip(now.round_trips, before.round_trips, strict=True)]
        late = [value for worker in self._workers if (value := self.lateness(worker.name)) is not None]
        self.points.append(
            TrendPoint(
                at,
                server.sessions,
                server.download_bps,
                server.upload_bps,
                quantile(counts, ROUND_TRIP.bounds, 0.5),
                quantile(counts, ROUND_TRIP.bounds, 0.95),
                max(late, default=None),
            )
        )

    def lateness(self, worker: str) -> float | None:
        """Return the mean delay of a worker's control passes in the window, in seconds; None without a pass."""
        now, before = self._sums[-1], self._sums[max(len(self._sums) - 1 - WINDOW_S, 0)]
        if worker not in now.gaps:
            return None
        nothing = Value(0.0, (0,) * len(now.gaps[worker].counts))
        new, old = now.gaps[worker], before.gaps.get(worker, nothing)
        passes = sum(new.counts) - sum(old.counts)
        return max((new.number - old.number) / passes - PASS_INTERVAL_S, 0.0) if passes > 0 else None

    def recent_slow(self, worker: str) -> int:
        """Return the number of a worker's recent slow passes."""
        return round(self._sums[-1].slow.get(worker, 0.0) - self._sums[0].slow.get(worker, 0.0))

    def recent_closes(self) -> Counter[int]:
        """Return the recent closes by the number of their reason."""
        return self._sums[-1].closes - self._sums[0].closes

    def _read(self, server: pb.Server) -> _Sums:
        trips = [0] * (len(ROUND_TRIP.bounds) + 1)
        gaps: dict[str, Value] = {}
        slow: dict[str, float] = {}
        for worker in self._workers:
            if value := worker.counters.value((ROUND_TRIP.name, ())):
                trips = [one + more for one, more in zip(trips, value.counts, strict=True)]
            if value := worker.counters.value((PASS_GAP.name, ())):
                gaps[worker.name] = value
            if value := worker.counters.value((SLOW_PASSES.name, ())):
                slow[worker.name] = value.number
        closes = Counter[int]({each.reason: each.count for each in server.totals.sessions_closed})
        return _Sums(tuple(trips), gaps, slow, closes)
