from __future__ import annotations

import pytest

from householdd.session.pings import MAX_PINGS, Pings
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
