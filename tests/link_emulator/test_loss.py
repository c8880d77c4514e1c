from __future__ import annotations

from itertools import groupby, pairwise
from random import Random

import pytest

from tests.link_emulator.loss import GilbertElliott, Loss, NoLoss, RandomLoss, long_run_loss

PACKETS = 200_000


def losses(model: Loss) -> list[bool]:
    return [model.lost() for _ in range(PACKETS)]


def test_random_losses_are_the_given_share_and_independent() -> None:
    lost = losses(RandomLoss(0.05, Random(1)))
    assert sum(lost) / PACKETS == pytest.approx(0.05, rel=0.03)
    after_a_loss = [second for first, second in pairwise(lost) if first]
    assert sum(after_a_loss) / len(after_a_loss) == pytest.approx(0.05, rel=0.1)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [((0.01, 0.25, 0, 1), 0.01 / 0.26), ((0.01, 0.1, 0.001, 0.5), 10 / 11 * 0.001 + 1 / 11 * 0.5), ((1, 1, 0, 1), 0.5)],
)
def test_losses_in_bursts_are_in_the_long_run_what_the_formula_says(
    parameters: tuple[float, float, float, float], expected: float
) -> None:
    assert long_run_loss(*parameters) == pytest.approx(expected)
    lost = losses(GilbertElliott(*parameters, Random(2)))
    assert sum(lost) / PACKETS == pytest.approx(expected, rel=0.05)


def test_the_mean_length_of_a_burst_is_the_inverse_of_the_probability_of_its_end() -> None:
    bursts = [len(list(group)) for lost, group in groupby(losses(GilbertElliott(0.01, 0.25, 0, 1, Random(3)))) if lost]
    assert sum(bursts) / len(bursts) == pytest.approx(4, rel=0.05)


def test_the_same_seed_loses_the_same_packets_and_without_a_model_none_is_lost() -> None:
    assert losses(RandomLoss(0.1, Random(4))) == losses(RandomLoss(0.1, Random(4)))
    assert not any(losses(NoLoss()))
