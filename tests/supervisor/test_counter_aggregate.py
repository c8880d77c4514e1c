from __future__ import annotations

import pytest

from household.v1 import server_service_pb2 as pb
from householdd.api import metric_families as metrics
from householdd.supervisor.counter_aggregate import CounterAggregate, Key, Value, add

SENT = (metrics.PAYLOAD.name, ("alex", "download"))
LOST = (metrics.SESSIONS_CLOSED.name, ("alex", "worker_lost"))
AGE = (metrics.EVIDENCE_AGE.name, ())


def number(family: metrics.Family, value: float, *labels: str) -> pb.Sample:
    return pb.Sample(metric=family.name, labels=labels, value=value)


def sent(count: int) -> pb.Sample:
    return number(metrics.PAYLOAD, count, "alex", "download")


def ages(*counts: int) -> pb.Sample:
    padded = [*counts, *[0] * (len(metrics.EVIDENCE_AGE.bounds) + 1 - len(counts))]
    return pb.Sample(metric=metrics.EVIDENCE_AGE.name, value=sum(counts) / 4, counts=padded)


def values(counters: CounterAggregate) -> dict[Key, Value]:
    """All that is known."""
    added: dict[Key, Value] = {}
    for part in counters.parts():
        for key, value in part.items():
            add(added, key, value)
    return added


def test_counters_go_on_where_the_dead_process_left_them() -> None:
    counters = CounterAggregate()
    counters.heard([sent(1000), ages(3, 1)])
    counters.retire()
    assert values(counters)[SENT].number == 1000
    counters.heard([sent(5), ages(0, 2)])
    now = values(counters)
    assert now[SENT].number == 1005
    assert now[AGE].number == 1.5
    assert now[AGE].counts[:3] == (3, 3, 0)


def test_the_live_sessions_of_a_dead_process_are_lost_and_no_longer_live() -> None:
    counters = CounterAggregate()
    counters.heard(
        [
            number(metrics.SESSIONS, 3, "alex", "active"),
            number(metrics.SESSIONS, 1, "alex", "quiet"),
            number(metrics.SESSIONS_CLOSED, 2, "alex", "worker_lost"),
        ]
    )
    counters.retire()
    now = values(counters)
    assert now[LOST].number == 6
    assert metrics.SESSIONS.name not in {name for name, _ in now}


def test_parts_that_were_taken_stay_as_they_were() -> None:
    counters = CounterAggregate()
    counters.heard([sent(1000)])
    past, latest = counters.parts()
    counters.retire()
    counters.heard([sent(1)])
    assert (dict(past), dict(latest)) == ({}, {SENT: Value(1000)})


def test_a_process_that_was_never_heard_of_leaves_nothing() -> None:
    counters = CounterAggregate()
    counters.retire()
    assert values(counters) == {}


@pytest.mark.parametrize(
    "sample",
    [
        pb.Sample(metric="householdd_of_another_version_total", value=1),
        number(metrics.PAYLOAD, 1, "alex"),
        pb.Sample(metric=metrics.EVIDENCE_AGE.name, value=1, counts=[1, 2]),
        pb.Sample(metric=metrics.SESSIONS_OPENED.name, labels=["alex"], value=1, counts=[1]),
    ],
)
def test_samples_of_another_version_are_left_out(sample: pb.Sample) -> None:
    counters = CounterAggregate()
    counters.heard([sample, sent(1)])
    assert values(counters) == {SENT: Value(1)}
