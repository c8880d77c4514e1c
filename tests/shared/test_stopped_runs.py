from __future__ import annotations

import pytest

from householdd.shared.stopped_runs import ENTRIES, StoppedRuns, size

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.1"


@pytest.fixture
def pair() -> tuple[StoppedRuns, StoppedRuns]:
    memory = memoryview(bytearray(size(2)))
    return StoppedRuns(memory, 0), StoppedRuns(memory, 1)


def test_a_stop_is_for_one_run_of_one_address(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    own = one.stop(HERE, "1754800000")
    for stops in (own, two.news()):
        assert stops.meet(HERE, "1754800000")
        assert not stops.meet(HERE, "1754800001")
        assert not stops.meet(HERE, "")
        assert not stops.meet(ELSEWHERE, "1754800000")


def test_a_stop_of_all_is_for_all_runs_of_one_address(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    one.stop(HERE, "")
    stops = two.news()
    assert stops.meet(HERE, "1")
    assert stops.meet(HERE, "")
    assert not stops.meet(ELSEWHERE, "1")


def test_a_stop_is_news_once_and_to_the_others(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    assert not one.news()
    one.stop(HERE, "1")
    assert not one.news()
    assert two.news()
    assert not two.news()


def test_a_worker_that_begins_later_learns_of_no_old_stop(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    pair[0].stop(HERE, "1")
    assert not StoppedRuns(pair[0]._memory, 1).news()


def test_more_stops_than_fit_are_the_latest_ones(pair: tuple[StoppedRuns, StoppedRuns]) -> None:
    one, two = pair
    for each in range(ENTRIES + 1):
        one.stop(HERE, f"run-{each}")
    stops = two.news()
    assert not stops.meet(HERE, "run-0")
    assert all(stops.meet(HERE, f"run-{each}") for each in range(1, ENTRIES + 1))
