from __future__ import annotations

import pytest

from householdd.admission.breakers import MAX_BREAKERS, TRIAL_SUCCESSES, BreakerKey, Breakers, BreakerState
from householdd.clients.addresses import customer, parse_network
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters, size

LIMITS = Limits(breaker_failures=6, breaker_failures_per_profile=100, breaker_open=30, breaker_max_open=100)
HOST = "192.0.2.7"


class Worker:
    """The breakers of one worker, where everything happens to one customer."""

    def __init__(self, counts: SharedCounters) -> None:
        self.breakers = Breakers(counts)

    def end(
        self, now: float, *, failed: bool, times: int = 1, host: str = HOST, profile: str = "jake"
    ) -> list[BreakerKey]:
        opened = []
        for _ in range(times):
            opened += self.breakers.ended(host, profile, now, LIMITS, failed=failed)
        return opened

    def retry_after(self, now: float, host: str = HOST, profile: str = "jake") -> float:
        return self.breakers.retry_after(host, profile, now)

    def states(self, now: float) -> list[BreakerState]:
        return [breaker.state(now) for _, breaker in self.breakers.current(now)]


def workers(count: int) -> list[Worker]:
    memory = memoryview(bytearray(size(count)))
    return [Worker(SharedCounters(memory, each)) for each in range(count)]


@pytest.fixture
def worker() -> Worker:
    return workers(1)[0]


@pytest.fixture
def opened(worker: Worker) -> Worker:
    """Opened at 0."""
    assert worker.end(0, failed=True, times=6) == [BreakerKey(customer(HOST))]
    return worker


def test_failures_open_it_and_it_says_for_how_long(opened: Worker) -> None:
    assert opened.states(0) == [BreakerState.OPEN]
    assert opened.retry_after(10) == 20
    assert opened.retry_after(30) == 0
    assert opened.states(30) == [BreakerState.HALF_OPEN]
    assert opened.retry_after(10, host="192.0.2.8") == 0


def test_failures_far_apart_do_not_open_it(worker: Worker) -> None:
    for now in range(0, 1200, 60):
        assert worker.end(now, failed=True, times=2) == []
    assert worker.states(1200) == []


def test_failures_among_many_good_ends_do_not_open_it(worker: Worker) -> None:
    worker.end(0, failed=False, times=12)
    assert worker.end(0, failed=True, times=11) == []
    assert worker.end(0, failed=True) == [BreakerKey(customer(HOST))]


def test_while_open_what_came_in_before_ends_without_consequence(opened: Worker) -> None:
    opened.end(29, failed=True, times=50)
    assert opened.retry_after(30) == 0


def test_half_open_lets_in_one_run_at_a_time(opened: Worker) -> None:
    opened.breakers.admit(HOST, "jake", 30)
    assert opened.retry_after(31) == 29
    # One that ends, or takes too long, makes room for the next.
    opened.end(40, failed=False)
    assert opened.retry_after(40) == 0
    opened.breakers.admit(HOST, "jake", 40)
    assert opened.retry_after(69) == 1
    assert opened.retry_after(70) == 0


def test_good_trials_close_it_and_what_failed_before_is_forgiven(opened: Worker) -> None:
    opened.end(30, failed=False, times=TRIAL_SUCCESSES)
    assert opened.states(30) == []
    # As patient as before, though the failures before are still counted.
    assert opened.end(31, failed=True, times=5) == []
    assert opened.end(31, failed=True, times=1) == [BreakerKey(customer(HOST))]
    assert opened.retry_after(31) == 30


def test_a_bad_trial_opens_it_for_twice_as_long_up_to_the_most(opened: Worker) -> None:
    now, lengths = 30.0, []
    for _ in range(3):
        opened.breakers.admit(HOST, "jake", now)
        assert opened.end(now, failed=True) == [BreakerKey(customer(HOST))]
        lengths.append(opened.retry_after(now))
        now += lengths[-1]
    assert lengths == [60, 100, 100]


def test_one_profile_may_be_refused_alone(worker: Worker) -> None:
    limits = Limits(breaker_failures=100, breaker_failures_per_profile=3)
    opened = [worker.breakers.ended(HOST, "jake", 0, limits, failed=True) for _ in range(3)]
    assert opened[-1] == [BreakerKey(customer(HOST), "jake")]
    assert worker.retry_after(1) > 0
    assert worker.retry_after(1, profile="alex") == 0


def test_a_handshake_that_comes_to_nothing_is_a_failure_of_no_profile(worker: Worker) -> None:
    assert worker.end(0, failed=True, times=6, profile="") == [BreakerKey(customer(HOST))]
    assert worker.retry_after(1) == 29


def test_failures_at_all_workers_count_together() -> None:
    one, two, three = workers(3)
    assert one.end(0, failed=True, times=3) == []
    assert two.end(0, failed=True, times=2) == []
    assert two.end(1, failed=True) == [BreakerKey(customer(HOST))]
    # One opens with the next failure there, three has seen none.
    assert one.retry_after(2) == 0
    assert one.end(2, failed=True) == [BreakerKey(customer(HOST))]
    assert three.retry_after(2) == 0


@pytest.mark.parametrize("networks", [None, [parse_network(HOST)], [parse_network("192.0.2.0/24")]])
def test_reset_forgets_everything(opened: Worker, networks: list[object] | None) -> None:
    told = opened.breakers.reset(networks, 1)  # type: ignore[arg-type]  # networks
    assert [party for party, _ in told] == [BreakerKey(customer(HOST))]
    assert opened.states(1) == []
    assert opened.end(1, failed=True, times=5) == []
    assert opened.end(1, failed=True) == [BreakerKey(customer(HOST))]


def test_reset_of_one_customer_leaves_the_others(opened: Worker) -> None:
    opened.end(0, failed=True, times=6, host="2001:db8::1")
    assert opened.breakers.reset([parse_network("2001:db8::/56"), parse_network("198.51.100.7")], 1)
    assert (opened.retry_after(1), opened.retry_after(1, host="2001:db8::2")) == (29, 0)


def test_who_does_not_come_back_is_forgotten(opened: Worker) -> None:
    assert opened.states(89) == [BreakerState.HALF_OPEN]
    assert opened.states(91) == []


def test_many_addresses_cost_no_more_than_the_most() -> None:
    worker, limits = workers(1)[0], Limits(breaker_failures=1, breaker_failures_per_profile=100)
    for number in range(MAX_BREAKERS + 10):
        host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        worker.breakers.ended(host, "", 0, limits, failed=True)
    assert len(worker.states(0)) == MAX_BREAKERS


def shake(worker: Worker, now: float, *, failed: bool, times: int = 1) -> list[BreakerKey]:
    limits = Limits(breaker_handshakes=6, breaker_open=30)
    return [party for _ in range(times) for party in worker.breakers.handshake_ended(HOST, now, limits, failed=failed)]


def test_handshakes_that_come_to_nothing_open_it_to_all_connections() -> None:
    one, two = workers(2)
    assert shake(one, 0, failed=True, times=5) == []
    # Whoever gets answers as often as not is somebody with a browser.
    shake(two, 0, failed=False, times=8)
    assert shake(two, 0, failed=True, times=2) == []
    assert shake(two, 0, failed=True) == [BreakerKey(customer(HOST))]
    assert two.breakers.refuses_connections(HOST, 29)
    assert not two.breakers.refuses_connections("192.0.2.8", 29)
    assert two.retry_after(0) == 30
    # Half-open: everybody is heard, and it takes as many again to open it once more, for longer.
    assert not two.breakers.refuses_connections(HOST, 30)
    assert shake(two, 130, failed=True, times=5) == []
    assert shake(two, 130, failed=True) == [BreakerKey(customer(HOST))]
    assert two.retry_after(130) == 60


def test_sessions_that_fail_keep_nobody_from_the_page(opened: Worker) -> None:
    assert opened.retry_after(0) > 0
    assert not opened.breakers.refuses_connections(HOST, 0)


def test_a_reset_forgets_handshakes_too(worker: Worker) -> None:
    shake(worker, 0, failed=True, times=5)
    worker.breakers.reset([parse_network(HOST)], 0)
    assert shake(worker, 0, failed=True, times=5) == []
