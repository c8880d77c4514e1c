from __future__ import annotations

from itertools import pairwise

import pytest

from tests.link_emulator.lte_trace import lte_trace
from tests.link_emulator.rate import RateTrace


def test_it_has_the_given_mean_and_length() -> None:
    steps = lte_trace(25e6, 60, seed=1)
    assert sum(seconds for seconds, _ in steps) == pytest.approx(60)
    assert RateTrace(steps).mean == pytest.approx(25e6)


def test_it_swings_slowly_and_far() -> None:
    rates = [rate for _, rate in lte_trace(25e6, 60, seed=1)]
    assert min(rates) < 12e6
    assert max(rates) > 40e6
    assert sum(abs(after / before - 1) for before, after in pairwise(rates)) / len(rates) < 0.25


def test_a_seed_makes_the_same_trace() -> None:
    assert lte_trace(25e6, 60, seed=1) == lte_trace(25e6, 60, seed=1) != lte_trace(25e6, 60, seed=2)
