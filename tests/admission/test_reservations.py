from __future__ import annotations

import pytest

from householdd.admission.reservations import (
    COMPUTER_SESSIONS,
    HOUSEHOLD_SESSIONS,
    MAX_RESERVATIONS,
    PEOPLE_TTL_S,
    RESERVATION_TTL_S,
    Reservations,
)
from householdd.clients.client_key import ClientKey
from householdd.shared.counters import SharedCounters, size


class Workers:
    """Workers that share counters, with the reservations of each."""

    def __init__(self, count: int) -> None:
        memory = memoryview(bytearray(size(count)))
        self.counters = [SharedCounters(memory, each) for each in range(count)]
        self.reservations = [Reservations(counters) for counters in self.counters]

    def opens(self, client: ClientKey, now: float, worker: int = 0) -> None:
        self.counters[worker].opened(client.keys)
        self.reservations[worker].changed(client, now)


def member(test_id: str = "1", host: str = "192.0.2.7") -> ClientKey:
    return ClientKey(host, "probe", test_id)


@pytest.fixture
def workers() -> Workers:
    return Workers(2)


def test_the_first_session_of_a_run_needs_the_places_of_a_household(workers: Workers) -> None:
    one, two = workers.reservations
    assert one.places_needed(member()) == HOUSEHOLD_SESSIONS
    workers.opens(member(), 0.0)
    assert [each.places_needed(member()) for each in (one, two)] == [1, 1]
    assert one.places_needed(member("2")) == HOUSEHOLD_SESSIONS


def test_a_session_without_a_run_needs_one_place(workers: Workers) -> None:
    reservations = workers.reservations[0]
    assert reservations.places_needed(member("")) == 1
    assert not reservations.expects(member(""))
    assert not reservations.continues(member(""))


def test_every_worker_expects_the_run(workers: Workers) -> None:
    workers.reservations[0].make(member(), 0.0)
    for each in workers.reservations:
        assert each.expects(member())
        assert each.continues(member())
        assert not each.expects(member("2"))
        assert not each.expects(member(host="192.0.2.8"))


def test_each_session_takes_one_of_the_places(workers: Workers) -> None:
    workers.reservations[0].make(member(), 0.0)
    for opened in range(HOUSEHOLD_SESSIONS):
        assert workers.counters[1].reserved() == HOUSEHOLD_SESSIONS - opened
        assert workers.reservations[1].expects(member())
        workers.opens(member(), 1.0)
    assert workers.counters[1].reserved() == 0
    assert not workers.reservations[1].expects(member())
    assert workers.reservations[1].continues(member())


def test_sessions_at_another_worker_take_places_at_the_next_pass(workers: Workers) -> None:
    workers.reservations[0].make(member(), 0.0)
    workers.opens(member(), 1.0, worker=1)
    assert workers.counters[0].reserved() == HOUSEHOLD_SESSIONS
    workers.reservations[0].release_unused(1.25)
    assert workers.counters[0].reserved() == HOUSEHOLD_SESSIONS - 1


def test_unused_places_expire(workers: Workers) -> None:
    workers.reservations[0].make(member(), 0.0)
    workers.reservations[0].release_unused(RESERVATION_TTL_S - 0.25)
    assert workers.counters[0].reserved() == HOUSEHOLD_SESSIONS
    workers.reservations[0].release_unused(RESERVATION_TTL_S)
    assert workers.counters[0].reserved() == 0
    assert not workers.reservations[1].continues(member())


def test_the_computer_keeps_its_places_while_the_run_goes_on(workers: Workers) -> None:
    one, two = workers.reservations
    one.make(member(), 0.0)
    workers.opens(member(), 0.0)
    one.release_unused(PEOPLE_TTL_S - 0.25)
    assert workers.counters[0].reserved() == HOUSEHOLD_SESSIONS - 1
    one.release_unused(PEOPLE_TTL_S)
    assert workers.counters[0].reserved() == COMPUTER_SESSIONS
    for _ in range(COMPUTER_SESSIONS):
        assert two.expects(member())
        workers.opens(member(), PEOPLE_TTL_S + 1)
    assert not two.expects(member())
    assert workers.counters[0].reserved() == 0


def test_a_run_that_ends_keeps_no_places(workers: Workers) -> None:
    workers.reservations[0].make(member(), 0.0)
    workers.opens(member(), 0.0)
    workers.counters[0].closed(member().keys)
    workers.reservations[0].release_unused(RESERVATION_TTL_S)
    assert workers.counters[0].reserved() == 0
    assert not workers.reservations[1].continues(member())


def test_a_run_has_one_reservation(workers: Workers) -> None:
    for _ in range(2):
        workers.reservations[0].make(member(), 0.0)
    assert workers.counters[0].reserved() == HOUSEHOLD_SESSIONS


def test_all_places_can_be_released(workers: Workers) -> None:
    for test_id in ("1", "2"):
        workers.reservations[0].make(member(test_id), 0.0)
    workers.reservations[0].release_all()
    assert workers.counters[0].reserved() == 0
    assert not workers.reservations[1].expects(member())


def test_a_worker_makes_a_bounded_number_of_reservations(workers: Workers) -> None:
    for number in range(MAX_RESERVATIONS + 1):
        workers.reservations[0].make(member(str(number)), 0.0)
    assert workers.counters[0].reserved() == MAX_RESERVATIONS * HOUSEHOLD_SESSIONS
    assert not workers.reservations[0].expects(member(str(MAX_RESERVATIONS)))
