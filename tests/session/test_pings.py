from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from householdd.session.pings import MAX_PINGS, IntervalTimer, Pings
from tests.session.samples import START


def test_an_answer_tells_the_seconds_since_its_ping() -> None:
    pings = Pings[bytes]()
    pings.sent(b"one", START)
    pings.sent(b"two", START + 0.5)
    assert pings.answered(b"two", START + 0.75) == pytest.approx(0.25)
    assert pings.answered(b"one", START + 0.75) == pytest.approx(0.75)


def test_an_answer_counts_once() -> None:
    pings = Pings[int]()
    pings.sent(1, START)
    assert pings.answered(1, START + 0.1) is not None
    assert pings.answered(1, START + 0.2) is None


def test_an_answer_to_no_ping_of_ours_counts_for_nothing() -> None:
    pings = Pings[int]()
    pings.sent(1, START)
    assert pings.answered(2, START) is None


def test_a_whole_number_answers_a_time_that_is_whole() -> None:
    pings = Pings[float]()
    pings.sent(1_700_000_000_000.0, START)
    assert pings.answered(1_700_000_000_000, START + 0.1) is not None


def test_only_the_latest_pings_are_remembered() -> None:
    pings = Pings[int]()
    for each in range(MAX_PINGS + 1):
        pings.sent(each, START)
    assert pings.answered(0, START) is None
    assert all(pings.answered(each, START) is not None for each in range(1, MAX_PINGS + 1))


def turns(every: IntervalTimer, interval: float, *times: float) -> list[bool]:
    return [every.due(START + each, interval) for each in times]


def test_it_is_due_first_at_its_beginning_and_then_at_equal_intervals() -> None:
    every = IntervalTimer(START + 0.125)
    assert turns(every, 0.5, 0, 0.1, 0.125, 0.25, 0.5, 0.625, 1.0, 1.125) == [
        False, False, True, False, False, True, False, True,
    ]  # fmt: skip


def test_a_turn_that_was_missed_is_not_made_up() -> None:
    every = IntervalTimer(START)
    assert turns(every, 0.5, 0, 3.2, 3.2, 3.3) == [True, True, False, False]


def test_a_late_turn_does_not_shift_the_later_ones() -> None:
    every = IntervalTimer(START)
    assert turns(every, 0.5, 0, 0.75, 1.0, 1.499, 1.5) == [True, True, True, False, True]


def test_another_interval_holds_from_the_next_turn_on() -> None:
    every = IntervalTimer(START)
    assert turns(every, 2, 0, 1) == [True, False]
    assert turns(every, 0.5, 1.9, 2, 2.5, 3) == [False, True, True, True]


@example(0.0, 1.296596966161248, [1.296596966161248])
@given(st.floats(0, 1), st.floats(0.1, 60), st.lists(st.floats(0, 100), max_size=60))
def test_each_interval_has_one_turn_at_most_and_a_look_at_it_finds_it(
    phase: float, interval: float, steps: list[float]
) -> None:
    every = IntervalTimer(START + phase)
    now, looked = START, -1.0
    for step in steps:
        now += step
        # Turns are counted from the first one; a look within rounding of a border may fall on either side.
        at = (now - START - phase) / interval
        due = every.due(now, interval)
        assert not every.due(now, interval), "the same turn twice"
        if abs(at - round(at)) > 1e-6:
            assert due == (math.floor(at) > looked)
            looked = max(looked, math.floor(at))
        elif due:
            looked = round(at)


@pytest.mark.parametrize("interval", [0.1, 0.25, 1 / 3, 0.5, 1.0])
def test_a_caller_that_comes_on_time_gets_every_turn(interval: float) -> None:
    every = IntervalTimer(START)
    assert sum(every.due(START + each * interval / 8, interval) for each in range(801)) in (100, 101)
