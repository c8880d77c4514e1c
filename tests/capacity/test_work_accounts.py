"""Whose sessions are read no more, and whose are closed, by the work that they cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from householdd.capacity.work_accounts import (
    BURST_S,
    CUSTOMER_SHARES,
    FLOODING_S,
    HANDSHAKE_WORK_S,
    NETWORK_SHARES,
    SESSION_SHARE,
    SPARE_SHARE,
    TURN_WORK_S,
    WorkAccounts,
)
from householdd.clients.client_key import ClientKey
from householdd.shared.work import WORK_WINDOW_S, SharedWork, size

PASS_S = 0.25

CUSTOMER, NETWORK = CUSTOMER_SHARES.least, NETWORK_SHARES.least


class Worker:
    """One worker, whose clients are read until they are restrained."""

    def __init__(self, memory: memoryview, index: int) -> None:
        self.now = 1000.0
        self.sessions = 1
        """Sessions of each account, at all workers."""
        self.ignored: set[str] = set()
        self.restrained: set[str] = set()
        """Those that were ever ignored."""
        self.closed: list[str] = []
        self.charged: dict[str, float] = {}
        self._charge: dict[str, Callable[[float], None]] = {}
        shared = SharedWork(memory, index, b"secret")
        self.accounts: WorkAccounts[str] = WorkAccounts(
            shared, lambda _key: self.sessions, self._ignore, self.ignored.remove, self.now
        )

    def _ignore(self, name: str) -> None:
        self.ignored.add(name)
        self.restrained.add(name)

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
    assert sum(worker.charged.values()) < CUSTOMER * (FLOODING_S / 2 + WORK_WINDOW_S) + 0.2
    assert not worker.closed


def test_half_of_a_worker_that_is_not_busy_may_be_used_for_ever(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(30.0, {"a": 0.45}, busy=False)
    assert not worker.restrained
    worker.passes(1.0, {"a": 0.45})
    assert worker.restrained == {"a"}


def test_nobody_fills_a_worker_before_it_is_known_to_be_busy(worker: Worker) -> None:
    worker.opens("a", "b")
    worker.passes(30.0, {"a": 1.0, "b": 0.01}, busy=False)
    assert worker.charged["a"] == pytest.approx(SPARE_SHARE * 30.0, rel=0.2)
    assert worker.charged["b"] == pytest.approx(0.01 * 30.0)
    assert not worker.closed


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
    worker.passes(30.0, {"a": CUSTOMER / 2})
    assert not worker.ignored
    assert not worker.closed


def test_honest_neighbours_behind_the_address_are_read_on_and_stay(worker: Worker) -> None:
    honest = {f"honest{number}": 0.0003 for number in range(64)}
    worker.opens("a", "b", *honest)
    worker.passes(60.0, {**honest})
    worker.passes(3.0, {"a": 0.5, "b": 0.3, **honest})
    assert worker.restrained == {"a", "b"}
    worker.passes(FLOODING_S, {"a": 0.5, "b": 0.3, **honest})
    assert sorted(worker.closed) == ["a", "b"]
    assert worker.restrained == {"a", "b"}


def test_households_that_fill_a_worker_are_within_the_share_of_their_only_address(worker: Worker) -> None:
    worker.sessions = 160
    honest = {f"honest{number}": 0.0021 for number in range(worker.sessions)}
    worker.opens(*honest)
    worker.passes(30.0, {**honest})
    assert not worker.restrained


def test_a_share_grows_with_the_sessions_up_to_its_bound(worker: Worker) -> None:
    worker.sessions = 1000
    worker.opens("a", "b")
    worker.passes(5.0, {"a": 0.45, "b": 0.45})
    assert sum(worker.charged.values()) == pytest.approx(CUSTOMER_SHARES.most * 5.0, rel=0.3)
    assert CUSTOMER_SHARES.of(50) == pytest.approx(50 * SESSION_SHARE)
    assert CUSTOMER_SHARES.of(1) == CUSTOMER


def test_those_that_were_held_back_come_a_few_at_a_time(worker: Worker) -> None:
    hostile = {f"s{number}": 0.02 for number in range(250)}
    worker.sessions = len(hostile)
    worker.opens(*hostile)
    most = CUSTOMER_SHARES.most * BURST_S / TURN_WORK_S + 1
    worker.passes(2.0, hostile)
    before = len(worker.ignored)
    assert before >= len(hostile) - most
    for _ in range(3):
        worker.passes(PASS_S)
        assert before - most <= len(worker.ignored) < before
        before = len(worker.ignored)
    worker.passes(2 * WORK_WINDOW_S)
    assert not worker.ignored


def test_nobody_uses_a_whole_window_at_once(worker: Worker) -> None:
    worker.opens("a")
    worker.passes(PASS_S, {"a": 0.01})
    worker.passes(PASS_S, {"a": 1.0})
    # What takes a tenth of a pass is charged at once.
    assert worker.charged["a"] <= CUSTOMER * BURST_S + 0.01 * PASS_S + PASS_S / 10


def test_addresses_of_one_network_share_too(worker: Worker) -> None:
    hostile = {f"s{number}": 0.05 for number in range(50)}
    for number, name in enumerate(hostile):
        worker.opens(name, host=f"192.0.2.{number}")
    worker.opens("neighbour", host="192.0.2.200")
    worker.opens("other", host="198.51.100.1")
    worker.passes(4.0, {"neighbour": 0.001, "other": 0.05, **hostile})
    spent = sum(worker.charged[name] for name in hostile)
    assert spent < NETWORK * (4.0 + WORK_WINDOW_S) + 0.65
    assert worker.restrained == set(hostile)


def test_work_at_all_workers_counts() -> None:
    one, other = workers(2)
    one.opens("a")
    other.opens("b")
    for _ in range(16):
        one.passes(PASS_S, {"a": 0.09})
        other.passes(PASS_S, {"b": 0.09})
    assert one.charged["a"] + other.charged["b"] == pytest.approx(CUSTOMER * WORK_WINDOW_S, rel=0.2)
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
    for _ in range(int(CUSTOMER * WORK_WINDOW_S / HANDSHAKE_WORK_S) + 1):
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
