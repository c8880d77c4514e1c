from __future__ import annotations

import pytest

from householdd.shared.stopped_runs import MAX_ENTRIES, StoppedRuns, size

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.1"


@pytest.fixture
def pair() -> tuple[StoppedRuns, StoppedRuns]:
    memory = memoryview(bytearray(size(2)))
    return StoppedRuns(memory, 0), StoppedRuns(memory, 1)


def test_a_stop_is_for_one_run_of_one_address(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    own = one.stop(HERE, "1754800000")
    for stops in (own, two.read_new()):
        assert stops.include(HERE, "1754800000")
        assert not stops.include(HERE, "1754800001")
        assert not stops.include(HERE, "")
        assert not stops.include(ELSEWHERE, "1754800000")


def test_a_stop_of_all_is_for_all_runs_of_one_address(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    one.stop(HERE, "")
    stops = two.read_new()
    assert stops.include(HERE, "1")
    assert stops.include(HERE, "")
    assert not stops.include(ELSEWHERE, "1")


def test_a_stop_is_news_once_and_to_the_others(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    assert not one.read_new()
    one.stop(HERE, "1")
    assert not one.read_new()
    assert two.read_new()
    assert not two.read_new()


def test_a_worker_that_begins_later_learns_of_no_old_stop(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    pair[0].stop(HERE, "1")
    assert not StoppedRuns(pair[0]._memory, 1).read_new()


def test_more_stops_than_fit_are_the_latest_ones(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    for each in range(MAX_ENTRIES + 1):
        one.stop(HERE, f"run-{each}")
    stops = two.read_new()
    assert not stops.include(HERE, "run-0")
    assert all(stops.include(HERE, f"run-{each}") for each in range(1, MAX_ENTRIES + 1))
