"""Whose sessions are read no more, and whose are closed, by the work that they cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from householdd.capacity.work_accounts import (
    CUSTOMER_SHARE,
    FLOODING_S,
    HANDSHAKE_WORK_S,
    NETWORK_SHARE,
    WorkAccounts,
)
from householdd.clients.client_key import ClientKey
from householdd.shared.work import WORK_WINDOW_S, SharedWork, size

PASS_S = 0.25


class Worker:
    """One worker, whose clients are read until they are restrained."""

    def __init__(self, memory: memoryview, index: int) -> None:
        self.now = 1000.0
        self.ignored: set[str] = set()
        self.closed: list[str] = []
        self.charged: dict[str, float] = {}
        self._charge: dict[str, Callable[[float], None]] = {}
        shared = SharedWork(memory, index, b"secret")
        self.accounts: WorkAccounts[str] = WorkAccounts(shared, self.ignored.add, self.ignored.remove, self.now)

    def opens(self, *names: str, host: str = "192.0.2.7") -> None:
        for name in names:
            self._charge[name] = self.accounts.enter(name, ClientKey(host, "alex"))
            self.charged[name] = 0.0

    def leaves(self, name: str) -> None:
        self.accounts.leave(name)
        self.ignored.discard(name)
        del self._charge[name]

    def passes(self, seconds: float, parts: Mapping[str, float] | None = None, *, busy: bool = True) -> None:
        """Time passes; each session of ``parts`` sends what takes this part of the time, if it is read."""
        for _ in range(round(seconds / PASS_S)):
            self.now += PASS_S
            for _ in range(10):
                for name, part in (parts or {}).items():
                    if name in self._charge and name not in self.ignored:
                        self._charge[name](part * PASS_S / 10)
                        self.charged[name] += part * PASS_S / 10
            for name in self.accounts.update(self.now, busy=busy):
                self.closed.append(name)
                self.leaves(name)


def workers(count: int) -> list[Worker]:
    memory = memoryview(bytearray(size(count)))
    return [Worker(memory, index) for index in range(count)]


@pytest.fixture
def worker() -> Worker:
    return workers(1)[0]


def test_a_customer_gets_its_share_and_no_more(worker: Worker) -> None:
    worker.opens("a", "b")
    worker.passes(FLOODING_S / 2, {"a": 0.4, "b": 0.4})
    # What the first pass found out takes the share of a whole window at once.
    assert sum(worker.charged.values()) < CUSTOMER_SHARE * (FLOODING_S / 2 + WORK_WINDOW_S) + 0.2
    assert not worker.closed


def test_a_worker_that_is_not_busy_restrains_nobody(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(30.0, {"a": 0.9}, busy=False)
    assert not worker.ignored
    assert not worker.closed
    worker.passes(1.0, {"a": 0.9})
    assert worker.ignored == {"a"}
    worker.passes(PASS_S, {"a": 0.0}, busy=False)
    assert not worker.ignored


def test_whoever_is_long_over_the_share_is_closed_once(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(FLOODING_S - 1, {"a": 0.9})
    assert worker.closed == []
    worker.passes(2.0, {"a": 0.9})
    assert worker.closed == ["a"]
    worker.passes(20.0, {"a": 0.9})
    assert worker.closed == ["a"]


def test_a_client_that_stops_is_read_again_and_not_closed(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(5.0, {"a": 0.9})
    assert worker.ignored == {"a"}
    worker.passes(2 * WORK_WINDOW_S)
    assert not worker.ignored
    worker.passes(30.0, {"a": CUSTOMER_SHARE / 2})
    assert not worker.ignored
    assert not worker.closed


def test_honest_neighbours_behind_the_address_are_read_on_and_stay(worker: Worker) -> None:
    honest = {f"honest{number}": 0.0003 for number in range(64)}
    worker.opens("a", "b", *honest)
    worker.passes(60.0, {**honest})
    worker.passes(3.0, {"a": 0.5, "b": 0.3, **honest})
    assert worker.ignored == {"a", "b"}
    worker.passes(FLOODING_S, {"a": 0.5, "b": 0.3, **honest})
    assert sorted(worker.closed) == ["a", "b"]
    assert not worker.ignored


def test_a_full_address_of_honest_households_is_within_its_share(worker: Worker) -> None:
    honest = {f"honest{number}": 0.003 for number in range(32)}
    worker.opens(*honest)
    worker.passes(30.0, {**honest})
    assert not worker.ignored


def test_addresses_of_one_network_share_too(worker: Worker) -> None:
    hostile = {f"s{number}": 0.05 for number in range(50)}
    for number, name in enumerate(hostile):
        worker.opens(name, host=f"192.0.2.{number}")
    worker.opens("neighbour", host="192.0.2.200")
    worker.opens("other", host="198.51.100.1")
    worker.passes(4.0, {"neighbour": 0.001, "other": 0.05, **hostile})
    spent = sum(worker.charged[name] for name in hostile)
    assert spent < NETWORK_SHARE * (4.0 + WORK_WINDOW_S) + 0.65
    assert worker.ignored == set(hostile)


def test_work_at_all_workers_counts() -> None:
    one, other = workers(2)
    one.opens("a")
    other.opens("b")
    for _ in range(16):
        one.passes(PASS_S, {"a": 0.09})
        other.passes(PASS_S, {"b": 0.09})
    assert one.charged["a"] + other.charged["b"] == pytest.approx(CUSTOMER_SHARE * WORK_WINDOW_S, rel=0.2)
    one.passes(2 * PASS_S, {"a": 0.09})
    other.passes(2 * PASS_S, {"b": 0.09})
    assert (one.ignored, other.ignored) == ({"a"}, {"b"})


def test_the_costliest_come_first(worker: Worker) -> None:
    worker.opens("a", "b", "c")
    worker.passes(2.0, {"a": 0.2, "b": 0.4, "c": 0.001})
    assert worker.accounts.costliest() == ["b", "a"]


def test_too_many_handshakes_refuse_connections_and_slow_no_session(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(PASS_S, {"a": 0.01})
    for _ in range(int(CUSTOMER_SHARE * WORK_WINDOW_S / HANDSHAKE_WORK_S) + 1):
        assert not worker.accounts.refuses("192.0.2.7", worker.now)
        worker.accounts.handshake("192.0.2.7", worker.now)
    assert worker.accounts.refuses("192.0.2.7", worker.now)
    assert not worker.accounts.refuses("192.0.2.8", worker.now)
    worker.passes(1.0, {"a": 0.01})
    assert not worker.ignored
    worker.passes(2 * WORK_WINDOW_S)
    assert not worker.accounts.refuses("192.0.2.7", worker.now)


def test_nothing_is_left_of_sessions_that_have_gone(worker: Worker) -> None:
    worker.opens("a", "b")
    worker.passes(3.0, {"a": 0.5, "b": 0.5})
    worker.leaves("a")
    worker.leaves("b")
    assert worker.accounts.costliest() == []
    worker.passes(1.0)
