from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.shared.counters import SECRET_BYTES, Outcomes, SharedCounters, size

HERE, THERE = b"here", b"there"


def views_of(workers: int) -> list[SharedCounters]:
    """The workers' views of one memory."""
    memory = memoryview(bytearray(size(workers)))
    views = [SharedCounters(memory, worker) for worker in range(workers)]
    views[0].seed(bytes(range(SECRET_BYTES)))
    return views


def test_every_worker_sees_the_sessions_of_all() -> None:
    one, two, three = views_of(3)
    for worker, key in ((one, HERE), (one, THERE), (two, HERE)):
        worker.opened([key])
    assert {view.sessions() for view in (one, two, three)} == {3}
    assert {(view.count(HERE), view.count(THERE)) for view in (one, two, three)} == {(2, 1)}
    one.closed([HERE])
    assert (three.sessions(), three.count(HERE), three.count(THERE)) == (2, 1, 1)


def test_places_reserved_count_with_the_sessions() -> None:
    one, two = views_of(2)
    one.opened([HERE])
    two.reserve([HERE, THERE], 7)
    assert (one.sessions(), one.reserved(), one.count(HERE), one.count(THERE)) == (1, 7, 8, 7)
    two.reserve([HERE, THERE], -7)
    assert (one.sessions(), one.reserved(), one.count(HERE), one.count(THERE)) == (1, 0, 1, 0)


def test_a_worker_is_ahead_while_another_has_fewer_sessions_and_handshakes() -> None:
    one, two, three = views_of(3)
    assert not any(each.busier_than_least() for each in (one, two, three))
    one.handshake_began(HERE)
    two.opened([HERE])
    assert [each.busier_than_least() for each in (one, two, three)] == [True, True, False]
    three.handshake_began(None)
    assert not any(each.busier_than_least() for each in (one, two, three))
    one.handshake_ended(HERE)
    assert [each.busier_than_least() for each in (one, two, three)] == [False, True, True]


def test_what_a_dead_worker_had_is_forgotten() -> None:
    one, two = views_of(2)
    for worker in (one, two):
        worker.opened([HERE])
        worker.handshake_began(HERE)
        worker.reserve([HERE], 2)
        worker.handshake_admitted(HERE, 5.0)
        worker.add_outcome(HERE, 5.0, failed=True)
    two.clear(0)
    assert (two.sessions(), two.reserved(), two.count(HERE), two.handshakes(5.0)) == (1, 2, 3, 1)
    assert (two.pending_handshakes(), two.pending_handshakes_of(HERE), two.pending_handshakes_of(THERE)) == (1, 1, 0)
    assert (two.handshakes_of(HERE, 5.0), two.outcomes(HERE, 5.0)) == (0.1, Outcomes(failed=1, ended=1))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=200))
def test_a_key_never_has_fewer_sessions_than_it_has(opened: list[tuple[int, int]]) -> None:
    views = views_of(3)
    for worker, key in opened:
        views[worker].opened([bytes([key])])
    assert views[0].sessions() == len(opened)
    for key in range(41):
        assert views[0].count(bytes([key])) >= sum(each == key for _, each in opened)
    for worker, key in opened:
        views[worker].closed([bytes([key])])
    assert views[0].sessions() == 0
    assert all(views[0].count(bytes([key])) == 0 for key in range(41))


@pytest.mark.parametrize(
    ("now", "seen"), [(10.0, 4), (10.9, 4), (11.0, 4), (11.25, 3), (11.75, 1), (12.0, 0), (20.0, 0)]
)
def test_handshakes_count_for_a_second_that_slides(now: float, seen: float) -> None:
    one, two = views_of(2)
    for worker in (one, one, one, two):
        worker.handshake_admitted(HERE, 10.5)
    assert two.handshakes(now) == seen


def test_the_second_before_still_counts_while_new_ones_come() -> None:
    one, _ = views_of(2)
    for at in (10.1, 10.2, 11.5):
        one.handshake_admitted(HERE, at)
    assert one.handshakes(11.5) == 1 + 2 * 0.5
    one.handshake_admitted(HERE, 13.0)
    assert one.handshakes(13.0) == 1


@pytest.mark.parametrize(("now", "seen"), [(105.0, 4), (112.5, 3), (117.5, 1), (120.0, 0), (1000.0, 0)])
def test_handshakes_of_an_address_count_for_ten_seconds_that_slide(now: float, seen: float) -> None:
    one, two = views_of(2)
    for worker in (one, one, one, two):
        worker.handshake_admitted(HERE, 101.0)
    two.handshake_admitted(THERE, 101.0)
    assert two.handshakes_of(HERE, now) == pytest.approx(seen / 10)


def test_how_sessions_ended_is_remembered_for_a_minute_or_two() -> None:
    one, two = views_of(2)
    for worker, failed in ((one, True), (one, False), (two, True)):
        worker.add_outcome(HERE, 600.0, failed=failed)
    assert one.outcomes(HERE, 659.0) == two.outcomes(HERE, 600.0) == Outcomes(failed=2, ended=3)
    assert one.outcomes(HERE, 690.0) == Outcomes(failed=1, ended=1.5)
    assert one.outcomes(HERE, 720.0) == one.outcomes(THERE, 600.0) == Outcomes(failed=0, ended=0)
    # Two minutes later the same memory serves again.
    one.add_outcome(HERE, 725.0, failed=True)
    assert two.outcomes(HERE, 725.0) == Outcomes(failed=1, ended=1)


def test_a_worker_forgets_its_own_part_of_what_ended() -> None:
    one, two = views_of(2)
    for worker in (one, two):
        worker.add_outcome(HERE, 5.0, failed=True)
        worker.add_outcome(THERE, 5.0, failed=True)
    one.clear_outcomes(HERE)
    assert (one.outcomes(HERE, 5.0).failed, one.outcomes(THERE, 5.0).failed) == (1, 2)
    one.clear_outcomes()
    assert (one.outcomes(HERE, 5.0).failed, one.outcomes(THERE, 5.0).failed) == (1, 1)
