from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.core.addresses import customer
from householdd.core.counts import SECRET_SIZE, Counts, size

HERE, THERE = customer("192.0.2.7"), customer("2001:db8::1")


def of(workers: int) -> list[Counts]:
    """The workers' views of one memory."""
    memory = memoryview(bytearray(size(workers)))
    views = [Counts(memory, worker) for worker in range(workers)]
    views[0].seed(bytes(range(SECRET_SIZE)))
    return views


def test_every_worker_sees_the_sessions_of_all() -> None:
    one, two, three = of(3)
    for worker, network in ((one, HERE), (one, THERE), (two, HERE)):
        worker.opened(network)
    assert {view.sessions() for view in (one, two, three)} == {3}
    assert {(view.sessions_of(HERE), view.sessions_of(THERE)) for view in (one, two, three)} == {(2, 1)}
    one.closed(HERE)
    assert (three.sessions(), three.sessions_of(HERE), three.sessions_of(THERE)) == (2, 1, 1)


def test_what_a_dead_worker_had_is_forgotten() -> None:
    one, two = of(2)
    one.opened(HERE)
    one.handshake(5.0)
    two.opened(HERE)
    two.clear(0)
    assert (two.sessions(), two.sessions_of(HERE), two.handshakes(5.0)) == (1, 1, 0)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=200))
def test_an_address_never_has_fewer_sessions_than_it_has(opened: list[tuple[int, int]]) -> None:
    views = of(3)
    for worker, host in opened:
        views[worker].opened(customer(f"192.0.2.{host}"))
    assert views[0].sessions() == len(opened)
    for host in range(41):
        assert views[0].sessions_of(customer(f"192.0.2.{host}")) >= sum(each == host for _, each in opened)
    for worker, host in opened:
        views[worker].closed(customer(f"192.0.2.{host}"))
    assert views[0].sessions() == 0
    assert all(views[0].sessions_of(customer(f"192.0.2.{host}")) == 0 for host in range(41))


@pytest.mark.parametrize(
    ("now", "seen"), [(10.0, 4), (10.9, 4), (11.0, 4), (11.25, 3), (11.75, 1), (12.0, 0), (20.0, 0)]
)
def test_handshakes_count_for_a_second_that_slides(now: float, seen: float) -> None:
    one, two = of(2)
    for worker in (one, one, one, two):
        worker.handshake(10.5)
    assert two.handshakes(now) == seen


def test_the_second_before_still_counts_while_new_ones_come() -> None:
    one, _ = of(2)
    for at in (10.1, 10.2, 11.5):
        one.handshake(at)
    assert one.handshakes(11.5) == 1 + 2 * 0.5
    one.handshake(13.0)
    assert one.handshakes(13.0) == 1
