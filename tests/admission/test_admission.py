from __future__ import annotations

import pytest

from householdd.admission.admission import (
    FULL_RETRY_S,
    MAX_PARALLEL_SESSIONS,
    MAX_PERSON_SESSIONS,
    MAX_PROBE_SESSIONS,
    Admission,
    Cause,
    Denial,
)
from householdd.admission.reservations import HOUSEHOLD_SESSIONS, PEOPLE_TTL_S, RESERVATION_TTL_S
from householdd.capacity.overload_controller import OverloadLevel
from householdd.clients.addresses import parse_network
from householdd.clients.client_key import ClientKey
from householdd.session.close_reason import CloseReason, Fault
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters, size

PAGE = ("probe",) * 4 + ("alex", "sarah", "jake", "computer", "backup")


def client(host: str = "192.0.2.7", profile: str = "alex", test_id: str = "") -> ClientKey:
    return ClientKey(host, profile, test_id)


def admissions(workers: int) -> list[Admission]:
    memory = memoryview(bytearray(size(workers)))
    return [Admission(SharedCounters(memory, each)) for each in range(workers)]


def admission_of(limits: Limits | None = None) -> Admission:
    admission = admissions(1)[0]
    admission.limits = limits or Limits()
    return admission


def enter(admission: Admission, who: ClientKey, now: float = 0.0) -> Denial | None:
    """A handshake, and the session where it is let in."""
    denial = admission.denies(who, now)
    if denial is None:
        admission.admit(who, now)
        admission.opened(who, now)
    return denial


def household(host: str, test_id: str) -> list[ClientKey]:
    return [ClientKey(host, profile, test_id) for profile in PAGE]


def cause(denial: Denial | None) -> Cause | None:
    return denial.cause if denial else None


def test_whoever_is_welcome_is_let_in() -> None:
    assert admission_of().denies(client(), 0.0) is None


def test_a_blocked_client_is_told_why_and_until_when() -> None:
    admission = admission_of()
    admission.blocks.add([parse_network("192.0.2.7")], "abuse", 60.0, now=0.0)
    denial = admission.denies(client(), 0.5)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.BLOCKED, 60)
    assert denial.message == "Blocked by the operator: abuse. Try again in 60 s."
    assert admission.denies(client("192.0.2.8"), 0.5) is None


@pytest.mark.parametrize(("left", "told"), [(0.0, 1), (-5.0, 1), (0.2, 1), (29.5, 30), (3600.0, 300)])
def test_while_draining_a_client_is_told_the_time_left_within_bounds(left: float, told: int) -> None:
    admission = admission_of()
    admission.drain_deadline = 100.0 + left
    denial = admission.denies(client(), 100.0)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.DRAINING, told)
    admission.drain_deadline = None
    assert admission.denies(client(), 100.0) is None


@pytest.mark.parametrize("opened", range(1, 9))
@pytest.mark.parametrize("workers", [1, 2])
def test_a_drain_lets_a_run_open_all_its_sessions_and_no_other(opened: int, workers: int) -> None:
    doors = admissions(workers)
    run = household("192.0.2.7", "1")
    for number, each in enumerate(run[:opened]):
        assert enter(doors[number % workers], each) is None
    for door in doors:
        door.drain_deadline = 60.0
    # Later than places are kept otherwise: a slow line may need so long.
    for number, each in enumerate(run[opened:]):
        assert enter(doors[number % workers], each, RESERVATION_TTL_S + 1) is None
    for stranger in (
        client("192.0.2.7", "probe", "2"),
        client("192.0.2.8", "probe", "1"),
        client("192.0.2.7", "alex"),
    ):
        assert [cause(door.denies(stranger, RESERVATION_TTL_S + 1)) for door in doors] == [Cause.DRAINING] * workers


def test_a_drain_lets_a_run_go_on_that_was_let_in_without_places_kept() -> None:
    admission = admission_of(Limits(max_sessions=HOUSEHOLD_SESSIONS - 1))
    run = household("192.0.2.7", "1")
    assert enter(admission, run[0]) is None
    admission.drain_deadline = 60.0
    assert [enter(admission, each, 1.0) for each in run[1 : HOUSEHOLD_SESSIONS - 1]] == [None] * (
        HOUSEHOLD_SESSIONS - 2
    )
    assert cause(enter(admission, run[-1], 1.0)) is Cause.FULL


def test_a_drain_takes_a_lost_session_of_a_run_back_and_no_run_that_has_ended() -> None:
    admission = admission_of()
    run = household("192.0.2.7", "1")
    for each in run:
        enter(admission, each)
    admission.drain_deadline = 60.0
    admission.ended(run[4], CloseReason.CONNECTION_LOST, 30.0)
    assert enter(admission, run[4], 30.0) is None
    for each in run:
        admission.ended(each, CloseReason.CLIENT_STOPPED, 40.0)
    admission.release_unused_places(40.0)
    assert cause(enter(admission, run[4], 40.0)) is Cause.DRAINING


@pytest.mark.parametrize("now", [60.0, 61.0])
def test_at_the_deadline_of_a_drain_every_visitor_is_refused(now: float) -> None:
    admission = admission_of()
    run = household("192.0.2.7", "1")
    enter(admission, run[0], 59.0)
    admission.drain_deadline = 60.0
    assert cause(admission.denies(run[1], now)) is Cause.DRAINING


def test_a_drain_of_an_overloaded_worker_lets_a_run_go_on_until_all_is_stopped() -> None:
    admission = admission_of()
    run = household("192.0.2.7", "1")
    enter(admission, run[0])
    admission.drain_deadline = 60.0
    admission.overload = OverloadLevel.SHED
    assert enter(admission, run[1], 1.0) is None
    admission.overload = OverloadLevel.STOP
    assert cause(admission.denies(run[2], 1.0)) is Cause.OVERLOADED


def test_beyond_the_limit_of_all_sessions_nobody_is_let_in() -> None:
    admission = admission_of(Limits(max_sessions=2))
    assert [enter(admission, client(f"192.0.2.{each}")) for each in (7, 8)] == [None, None]
    assert enter(admission, client("192.0.2.9")) == Denial(Cause.FULL, "Full with 2 sessions; try again in 10 s.", 10)
    admission.ended(client("192.0.2.7"), CloseReason.CLIENT_CLOSED, 1.0)
    assert admission.denies(client("192.0.2.9"), 1.0) is None


def test_an_address_has_a_limit_of_its_own() -> None:
    admission = admission_of(Limits(max_sessions_per_address=1))
    assert enter(admission, client("2001:db8::1")) is None
    denial = admission.denies(client("2001:db8::2"), 0.0)
    assert denial is not None
    assert denial.cause is Cause.ADDRESS_FULL
    assert denial.message == "Your address may have 1 sessions at once; try again in 10 s."
    assert admission.denies(client("2001:db8:1::1"), 0.0) is None


def test_a_network_has_a_limit_of_its_own() -> None:
    admission = admission_of(Limits(max_sessions_per_network=2))
    assert [enter(admission, client(f"192.0.2.{each}")) for each in (7, 8)] == [None, None]
    assert cause(enter(admission, client("192.0.2.9"))) is Cause.NETWORK_FULL
    assert enter(admission, client("192.0.3.9")) is None


def test_greedy_networks_leave_room_for_the_others() -> None:
    admission = admission_of(Limits(max_sessions=1000, handshakes_per_second=10_000))
    # Ten networks take all they can get, each from many addresses.
    for number in range(2000):
        enter(admission, client(f"10.0.{number % 10}.{number // 10}"))
    for number in range(5):
        assert [enter(admission, each) for each in household(f"192.0.{number}.7", "1")] == [None] * HOUSEHOLD_SESSIONS
    assert cause(enter(admission, client("10.0.0.250"))) is Cause.NETWORK_FULL


def test_once_half_is_taken_a_network_gets_a_quarter_of_what_is_free() -> None:
    admission = admission_of(Limits(max_sessions=1000, handshakes_per_second=10_000))
    for number in range(600):
        assert enter(admission, client(f"10.{number // 250}.{number % 250}.7")) is None
    # 80 of the 320 places that are free then.
    assert [enter(admission, client(f"192.0.2.{each}")) for each in range(1, 81)] == [None] * 80
    assert enter(admission, client("192.0.2.250")) == Denial(
        Cause.NETWORK_FULL, "Nearly full, and your network has its share of 80 sessions; try again in 10 s.", 10
    )


def test_new_sessions_have_a_rate() -> None:
    admission, let_in = admission_of(Limits(handshakes_per_second=3)), 0
    for step in range(1000):
        let_in += enter(admission, client(f"10.{step // 250}.{step % 250}.7"), 100 + step / 100) is None
    # Ten seconds, and what comes at once at the beginning.
    assert 28 <= let_in <= 33
    denial = admission.denies(client(), 109.995)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.RATE, 2)


def test_an_address_has_a_rate_that_leaves_room_for_a_burst() -> None:
    admission = admission_of(Limits(handshakes_per_second_per_address=2))
    assert [enter(admission, client(), 100.0) for _ in range(20)] == [None] * 20
    assert cause(enter(admission, client(), 100.0)) is Cause.ADDRESS_RATE
    assert enter(admission, client("192.0.2.8"), 100.0) is None
    assert enter(admission, client(), 120.0) is None


def test_requests_for_the_page_have_a_rate_by_address_at_all_workers_together() -> None:
    one, other = admissions(2)
    one.limits = other.limits = Limits(requests_per_second_per_address=2.5)
    for number in range(25):
        assert (one, other)[number % 2].denies_request("192.0.2.7", 100.0) is None
    denial = other.denies_request("192.0.2.7", 100.0)
    message = "Your address may make 2.5 requests a second; try again in 2 s."
    assert denial == Denial(Cause.REQUEST_RATE, message, 2)
    assert other.denies_request("192.0.2.8", 100.0) is None
    assert cause(one.denies(client(), 100.0)) is None
    assert one.denies_request("192.0.2.7", 112.0) is None


def test_a_household_gets_all_its_places_or_none() -> None:
    admission = admission_of(Limits(max_sessions=22))
    first, second, third = (household(f"192.0.{each}.7", "1") for each in range(3))
    # The page's probes come first, its people some seconds later; meanwhile others ask.
    assert [enter(admission, each) for each in first[:4]] == [None] * 4
    assert [enter(admission, each, 1.0) for each in second[:4]] == [None] * 4
    assert enter(admission, third[0], 2.0) == Denial(
        Cause.FULL, "No room for a household in 22 sessions; try again in 10 s.", 10
    )
    # A single session takes one of the four places that are nobody's.
    assert [cause(enter(admission, client(f"192.0.{each}.7"), 3.0)) for each in range(10, 15)] == [
        *[None] * 4,
        Cause.FULL,
    ]
    assert [enter(admission, each, 9.0) for each in (*first[4:], *second[4:])] == [None] * 10


def test_a_household_gets_its_places_whichever_workers_it_comes_to() -> None:
    one, two = admissions(2)
    one.limits = two.limits = Limits(max_sessions=10)
    members = household("192.0.2.7", "1")
    assert enter(one, members[0]) is None
    assert [cause(enter(each, client("198.51.100.7", test_id="2"))) for each in (one, two)] == [Cause.FULL] * 2
    for turn, member in enumerate(members[1:]):
        assert enter((one, two)[turn % 2], member, 8.0) is None
    # The worker that keeps the places sees at its next pass that they are taken.
    one.release_unused_places(8.25)
    assert enter(two, client("198.51.100.7"), 8.5) is None


def test_places_that_nobody_takes_are_given_back() -> None:
    admission = admission_of(Limits(max_sessions=12))
    assert enter(admission, client(test_id="1")) is None
    late = household("198.51.100.7", "2")
    assert cause(enter(admission, late[0], PEOPLE_TTL_S - 1)) is Cause.FULL
    admission.release_unused_places(PEOPLE_TTL_S + 0.1)
    assert [enter(admission, each, PEOPLE_TTL_S + 0.2) for each in late] == [None] * HOUSEHOLD_SESSIONS


@pytest.mark.parametrize("level", [OverloadLevel.NORMAL, OverloadLevel.REFUSE])
def test_a_run_gets_the_places_of_its_computer_at_every_worker_however_late(level: OverloadLevel) -> None:
    one, two = admissions(2)
    one.limits = two.limits = Limits(max_sessions=12)
    *others, download, upload = household("192.0.2.7", "1")
    assert [enter(one, each) for each in others] == [None] * 7
    one.release_unused_places(PEOPLE_TTL_S)
    # Only the three places that are no one's are left.
    strangers = [client(f"198.51.{each}.7") for each in range(4)]
    assert [cause(enter(two, each, 50.0)) for each in strangers] == [*[None] * 3, Cause.FULL]
    one.overload = two.overload = level
    for number, stretch in enumerate(([download], [upload], [download, upload])):
        assert [enter(two, each, 60.0 + number) for each in stretch] == [None] * len(stretch)
        for each in stretch:
            two.ended(each, CloseReason.CLIENT_STOPPED, 60.5 + number)


def test_the_places_of_a_computer_are_given_back_with_the_runs_end() -> None:
    admission = admission_of(Limits(max_sessions=11))
    first = household("192.0.2.7", "1")[0]
    assert enter(admission, first) is None
    admission.release_unused_places(PEOPLE_TTL_S)
    second = household("198.51.100.7", "2")
    assert cause(enter(admission, second[0], 50.0)) is Cause.FULL
    admission.ended(first, CloseReason.CLIENT_STOPPED, 51.0)
    assert [enter(admission, each, 52.0) for each in second] == [None] * HOUSEHOLD_SESSIONS


def test_where_a_household_never_has_room_each_session_is_for_itself() -> None:
    admission = admission_of(Limits(max_sessions=3))
    told = [cause(enter(admission, each)) for each in household("192.0.2.7", "1")]
    assert told == [*[None] * 3, *[Cause.FULL] * 6]


def test_places_are_given_back_when_a_household_has_no_room_any_more() -> None:
    admission = admission_of()
    assert enter(admission, client(test_id="1")) is None
    admission.limits = Limits(max_sessions=3)
    assert [cause(enter(admission, client(test_id=str(each)))) for each in range(2, 5)] == [None, None, Cause.FULL]


def test_a_run_makes_no_more_than_twice_a_household() -> None:
    admission = admission_of()
    told = [cause(enter(admission, client(profile="jake", test_id="1"))) for _ in range(MAX_PERSON_SESSIONS + 1)]
    assert told == [*[None] * MAX_PERSON_SESSIONS, Cause.RUN_FULL]
    told = [cause(enter(admission, client(profile="probe", test_id="1"))) for _ in range(MAX_PROBE_SESSIONS + 1)]
    assert told == [*[None] * MAX_PROBE_SESSIONS, Cause.RUN_FULL]
    # The same id of another customer, and no id, are other runs.
    assert enter(admission, client("192.0.2.8", "jake", "1")) is None
    assert [enter(admission, client(profile="jake")) for _ in range(2 * MAX_PERSON_SESSIONS)] == [
        None
    ] * 2 * MAX_PERSON_SESSIONS


def parallel(host: str = "192.0.2.7", profile: str = "computer", test_id: str = "1") -> ClientKey:
    return ClientKey(host, profile, test_id, parallel=True)


def test_parallel_sessions_of_a_computer_take_no_place_in_any_limit() -> None:
    admission = admission_of(Limits(max_sessions=HOUSEHOLD_SESSIONS, handshakes_per_second_per_address=1))
    run = household("192.0.2.7", "1")
    assert [enter(admission, each) for each in run] == [None] * HOUSEHOLD_SESSIONS
    joining = [parallel(profile=profile) for profile in ("computer", "backup") for _ in range(7)]
    assert [enter(admission, each) for each in joining] == [None] * 14
    # A place is free as soon as one of the household leaves, whatever else is connected.
    assert cause(enter(admission, client("198.51.100.7"))) is Cause.FULL
    for each in run:
        admission.ended(each, CloseReason.CLIENT_STOPPED, 1.0)
    admission.release_unused_places(RESERVATION_TTL_S)
    second = household("198.51.100.7", "2")
    assert [enter(admission, each, RESERVATION_TTL_S) for each in second] == [None] * HOUSEHOLD_SESSIONS


def test_a_parallel_session_needs_one_to_join_and_has_a_limit_of_its_own() -> None:
    one, two = admissions(2)
    assert cause(enter(one, parallel())) is Cause.RUN_FULL
    assert enter(one, client(profile="computer", test_id="1")) is None
    told = [cause(enter((one, two)[turn % 2], parallel())) for turn in range(MAX_PARALLEL_SESSIONS + 1)]
    assert told == [*[None] * MAX_PARALLEL_SESSIONS, Cause.RUN_FULL]
    two.ended(parallel(), CloseReason.CLIENT_STOPPED, 1.0)
    assert enter(one, parallel(), 1.0) is None
    for other in (parallel(profile="backup"), parallel("192.0.2.8"), parallel(test_id="2"), parallel(test_id="")):
        assert cause(enter(one, other)) is Cause.RUN_FULL
    # They do not stand in the way of a lost connection's successor.
    assert enter(two, client(profile="computer", test_id="1")) is None


def test_parallel_sessions_are_refused_under_overload_and_open_no_breaker() -> None:
    admission = admission_of(Limits(breaker_failures=3))
    assert enter(admission, client(profile="computer", test_id="1")) is None
    assert [enter(admission, parallel()) for _ in range(7)] == [None] * 7
    assert [admission.ended(parallel(), CloseReason.CONNECTION_LOST, 1.0) for _ in range(7)] == [[]] * 7
    admission.overload = OverloadLevel.REFUSE
    assert cause(enter(admission, parallel(), 1.0)) is Cause.OVERLOADED


def test_households_that_shut_their_laptops_are_no_abuse() -> None:
    admission = admission_of()
    for run in range(7):
        members = household("192.0.2.7", str(run))
        assert [enter(admission, each, 60.0) for each in members] == [None] * HOUSEHOLD_SESSIONS
        for each in members:
            assert admission.ended(each, CloseReason.PROBES_FAILED, 64.0) == []


def test_whose_sessions_fail_again_and_again_is_refused_for_a_while() -> None:
    admission = admission_of()
    opened = []
    for number in range(64):
        who = client(profile=PAGE[number % 8])
        enter(admission, who, 60.0)
        opened += admission.ended(who, CloseReason.CONNECTION_LOST, 60.0)
    assert "192.0.2.7" in opened
    assert admission.denies(client(), 61.0) == Denial(
        Cause.BREAKER, "Too many sessions from your address ended unexpectedly; try again in 29 s.", 29
    )
    assert admission.denies(client("192.0.2.8"), 61.0) is None
    # Then a whole household is let in on trial, and nobody beside it.
    assert [enter(admission, each, 91.0) for each in household("192.0.2.7", "1")] == [None] * HOUSEHOLD_SESSIONS
    assert cause(enter(admission, client(test_id="2"), 92.0)) is Cause.BREAKER


@pytest.mark.parametrize("reason", CloseReason)
def test_only_ends_that_a_client_or_its_line_caused_are_failures(reason: CloseReason) -> None:
    admission = admission_of(Limits(breaker_failures=1))
    opened = admission.ended(client(), reason, 0.0)
    assert bool(opened) is (reason.fault in (Fault.CLIENT, Fault.NETWORK))
    assert (admission.denies(client(), 0.0) is None) is not bool(opened)


def test_no_new_run_is_let_in_while_draining_overloaded_or_full() -> None:
    admission = admission_of(Limits(max_sessions=2 * HOUSEHOLD_SESSIONS))
    assert admission.denies_new_runs(0.0) is None
    admission.drain_deadline = 60.0
    assert admission.denies_new_runs(0.0) == Denial(Cause.DRAINING, "Draining; try again in 60 s.", 60)
    admission.drain_deadline = None
    for step in (OverloadLevel.REFUSE, OverloadLevel.SLOW, OverloadLevel.SHED, OverloadLevel.STOP):
        admission.overload = step
        assert cause(admission.denies_new_runs(0.0)) is Cause.OVERLOADED
    admission.overload = OverloadLevel.NORMAL
    assert admission.denies_new_runs(0.0) is None
    # The first session of a run takes the places of the whole household, and one more leaves too few.
    enter(admission, household("192.0.2.1", "1")[0])
    assert admission.denies_new_runs(0.0) is None
    enter(admission, client("192.0.2.2"))
    assert cause(admission.denies_new_runs(0.0)) is Cause.FULL


def test_where_no_household_has_room_at_all_a_session_counts_for_itself() -> None:
    admission = admission_of(Limits(max_sessions=2))
    enter(admission, client("192.0.2.1"))
    assert admission.denies_new_runs(0.0) is None
    enter(admission, client("192.0.2.2"))
    assert cause(admission.denies_new_runs(0.0)) is Cause.FULL


def test_limits_of_one_address_keep_no_other_from_a_new_run() -> None:
    admission = admission_of(Limits(max_sessions_per_address=1))
    enter(admission, client())
    assert cause(admission.denies(client(), 0.0)) is Cause.ADDRESS_FULL
    assert admission.denies_new_runs(0.0) is None


def foreign(profile: str = "alex", test_id: str = "1", host: str = "192.0.2.7") -> ClientKey:
    return ClientKey(host, profile, test_id, foreign=True)


def test_a_foreign_page_must_name_its_run() -> None:
    denial = admission_of().denies(foreign(test_id=""), 0.0)
    assert denial is not None
    assert (denial.cause, denial.retry_after) == (Cause.ORIGIN, None)
    assert "test_id" in denial.message


def test_foreign_pages_have_one_household_at_a_time_for_each_customer() -> None:
    workers = admissions(2)
    run = [foreign(profile) for profile in PAGE]
    assert {enter(workers[index % 2], who) for index, who in enumerate(run)} == {None}
    # Another site of the same browser, at whichever worker.
    for worker in workers:
        denial = worker.denies(foreign(test_id="2"), 0.0)
        assert denial is not None
        assert (denial.cause, denial.retry_after) == (Cause.ADDRESS_FULL, FULL_RETRY_S)
    # Neither the customer's own page and programs, nor other customers.
    assert enter(workers[0], client(test_id="2")) is None
    assert enter(workers[0], foreign(host="192.0.2.8")) is None
    # One that lost its connection comes back to its run.
    assert enter(workers[0], foreign()) is None
    workers[0].ended(foreign(), CloseReason.CLIENT_CLOSED, 1.0)
    for index, who in enumerate(run):
        workers[index % 2].ended(who, CloseReason.CLIENT_CLOSED, 1.0)
    assert enter(workers[0], foreign(test_id="2")) is None
