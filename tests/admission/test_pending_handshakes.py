from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.admission.admission import Cause
from householdd.admission.pending_handshakes import Excess, PendingHandshakes
from householdd.settings.definitions import Limits
from householdd.shared.counters import SECRET_BYTES, SharedCounters, size

LIMITS = Limits(max_unfinished_handshakes=6, max_unfinished_handshakes_per_address=4)


def of(workers: int) -> list[PendingHandshakes[str]]:
    """What the workers have of one memory."""
    memory = memoryview(bytearray(size(workers)))
    views = [SharedCounters(memory, worker) for worker in range(workers)]
    views[0].seed(bytes(range(SECRET_BYTES)))
    return [PendingHandshakes(view) for view in views]


def enter(here: PendingHandshakes[str], host: str | None, *names: str) -> list[Excess[str] | None]:
    return [here.enter(name, host, LIMITS) for name in names]


def test_an_address_has_its_part_over_all_workers_and_may_come_again_when_one_is_done() -> None:
    here, there = of(2)
    assert enter(here, "192.0.2.7", "a", "b") + enter(there, "192.0.2.7", "c", "d") == [None] * 4
    for each in (here, there):
        assert enter(each, "192.0.2.7", "e") == [Excess("e", Cause.ADDRESS_UNFINISHED)]
    assert enter(there, "192.0.2.8", "f") == [None]
    assert here.leave("a")
    assert enter(there, "192.0.2.7", "e") == [None]


def test_a_customer_of_ipv6_is_one_address() -> None:
    (here,) = of(1)
    assert enter(here, "2001:db8::1", "a", "b", "c") + enter(here, "2001:db8::2", "d") == [None] * 4
    assert enter(here, "2001:db8::3", "e") == [Excess("e", Cause.ADDRESS_UNFINISHED)]


def test_the_newest_of_the_address_that_has_most_goes_for_somebody_else() -> None:
    (here,) = of(1)
    enter(here, "192.0.2.7", "a", "b", "c")
    enter(here, "192.0.2.8", "d", "e")
    enter(here, "198.51.100.7", "f")
    assert enter(here, "203.0.113.7", "new") == [Excess("c", Cause.UNFINISHED)]
    assert len(here) == 7
    assert here.leave("c")
    assert here.leave("b")
    assert enter(here, "198.51.100.7", "more") == [None]
    # Of the network that has most, not the address: three in one network are more than two.
    assert enter(here, "203.0.113.7", "newer") == [Excess("e", Cause.UNFINISHED)]


def test_who_has_most_itself_is_closed_at_once() -> None:
    (here,) = of(1)
    enter(here, "192.0.2.7", "a", "b", "c")
    enter(here, "192.0.2.8", "d")
    enter(here, "198.51.100.7", "e", "f")
    assert enter(here, "192.0.2.9", "g") == [Excess("g", Cause.UNFINISHED)]
    assert len(here) == 6


def test_a_worker_that_has_none_to_give_up_closes_the_new_one() -> None:
    here, there = of(2)
    enter(here, "192.0.2.7", "a", "b", "c")
    enter(here, "192.0.2.8", "d", "e", "f")
    assert enter(there, "198.51.100.7", "g") == [Excess("g", Cause.UNFINISHED)]


def test_the_connections_of_a_proxy_count_in_the_sum_alone() -> None:
    (here,) = of(1)
    assert enter(here, None, *"abcdef") == [None] * 6
    assert enter(here, None, "g") == [Excess("g", Cause.UNFINISHED)]
    assert enter(here, "192.0.2.7", "h") == [Excess("h", Cause.UNFINISHED)]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["192.0.2.1", "192.0.2.2", "198.51.100.1", None])))
)
def test_what_comes_and_goes_leaves_nothing_behind(steps: list[tuple[str, str | None]]) -> None:
    (here,) = of(1)
    there = set[str]()
    for name, host in steps:
        if name in there:
            assert here.leave(name)
            there.discard(name)
        else:
            excess = here.enter(name, host, LIMITS)
            if excess is None or excess.handshake != name:
                there.add(name)
            if excess is not None and excess.handshake != name:
                assert here.leave(excess.handshake)
                there.discard(excess.handshake)
        assert len(here) == len(there) <= LIMITS.max_unfinished_handshakes
    for name in there:
        assert here.leave(name)
    # Everything is free again.
    assert enter(here, "192.0.2.1", *"stuv") + enter(here, "192.0.2.2", *"wx") == [None] * 6


@pytest.mark.parametrize("name", ["a", "never came"])
def test_to_leave_twice_changes_nothing(name: str) -> None:
    (here,) = of(1)
    enter(here, "192.0.2.7", "a", "b", "c", "d")
    here.leave(name)
    assert not here.leave(name)
    assert len(here) == 4 - (name == "a")
