"""The last minutes, out of what workers tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from household.v1 import server_service_pb2 as pb
from household.v1 import session_pb2
from householdd.api.metric_families import PASS_GAP, ROUND_TRIP, SLOW_PASSES
from householdd.supervisor.dashboard.trend import WINDOW_S, Trend
from householdd.supervisor.worker_calls import WorkerHandle


class Fleet:
    """Two workers that tell what they are told to."""

    def __init__(self) -> None:
        self.workers = [WorkerHandle(name, Path("unused")) for name in ("0", "1")]
        self.trend = Trend(self.workers)
        self.server = pb.Server()
        self.trips = {worker.name: [0] * (len(ROUND_TRIP.bounds) + 1) for worker in self.workers}
        self.passes = {worker.name: [0, 0.0, 0] for worker in self.workers}
        self.at = 0.0

    def second(self, lateness: float = 0.0) -> None:
        """Four passes of each worker; those of worker 1 begin late by so much."""
        self.at += 1
        for worker in self.workers:
            passes = self.passes[worker.name]
            gap = 0.25 + (lateness if worker.name == "1" else 0.0)
            passes[0] += 4
            passes[1] += 4 * gap
            passes[2] += 4 if gap > 0.5 else 0
            counts = [int(passes[0]), *[0] * len(PASS_GAP.bounds)]
            worker.counters.heard(
                [
                    pb.Sample(metric=ROUND_TRIP.name, counts=self.trips[worker.name]),
                    pb.Sample(metric=PASS_GAP.name, value=passes[1], counts=counts),
                    pb.Sample(metric=SLOW_PASSES.name, value=passes[2]),
                ]
            )
        self.trend.take(self.server, self.at)


def test_round_trips_are_those_of_all_workers_in_the_window() -> None:
    fleet = Fleet()
    fleet.second()
    assert fleet.trend.points[-1].round_trip_p50 is None
    # Both in the range from 10 to 20 ms, and more than the window ago none.
    fleet.trips["0"][4] += 3
    fleet.trips["1"][4] += 1
    fleet.second()
    p50 = fleet.trend.points[-1].round_trip_p50
    assert p50 == pytest.approx(0.015)
    assert (fleet.trend.points[-1].round_trip_p95 or 0) > 0.015
    for _ in range(WINDOW_S):
        fleet.second()
    assert fleet.trend.points[-1].round_trip_p50 is None


def test_lateness_is_that_of_the_latest_worker() -> None:
    fleet = Fleet()
    fleet.second()
    fleet.second(lateness=0.1)
    assert fleet.trend.points[-1].lateness == pytest.approx(0.1)
    assert fleet.trend.lateness("0") == pytest.approx(0.0)
    assert fleet.trend.lateness("2") is None
    assert fleet.trend.recent_slow("1") == 0
    fleet.second(lateness=0.5)
    assert fleet.trend.recent_slow("1") == 4


def test_counters_go_on_when_a_worker_is_replaced() -> None:
    fleet = Fleet()
    fleet.second()
    fleet.trips["1"][4] += 4
    fleet.second()
    fleet.workers[1].counters.retire()
    fleet.trips["1"], fleet.passes["1"] = [0] * (len(ROUND_TRIP.bounds) + 1), [0, 0.0, 0]
    fleet.second()
    assert fleet.trend.points[-1].round_trip_p50 == pytest.approx(0.015)


def test_recent_closes_are_those_since_the_oldest_point() -> None:
    fleet = Fleet()
    fleet.server.totals.sessions_closed.add(reason=session_pb2.CLOSE_REASON_KILLED, count=5)
    fleet.second()
    assert fleet.trend.recent_closes().total() == 0
    fleet.server.totals.sessions_closed[0].count = 7
    fleet.server.totals.sessions_closed.add(reason=session_pb2.CLOSE_REASON_INACTIVE, count=1)
    fleet.second()
    assert fleet.trend.recent_closes() == {session_pb2.CLOSE_REASON_KILLED: 2, session_pb2.CLOSE_REASON_INACTIVE: 1}


def test_recent_closes_are_those_of_five_minutes() -> None:
    fleet = Fleet()
    killed = fleet.server.totals.sessions_closed.add(reason=session_pb2.CLOSE_REASON_KILLED)
    for second in range(400):
        killed.count = second
        fleet.second()
    assert fleet.trend.recent_closes() == {session_pb2.CLOSE_REASON_KILLED: 299}


def test_ten_minutes_are_kept() -> None:
    fleet = Fleet()
    for _ in range(605):
        fleet.second()
    assert len(fleet.trend.points) == 600
    assert fleet.trend.points[0].at == 6
