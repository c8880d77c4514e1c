from __future__ import annotations

from random import Random

import pytest

from tests.link_emulator.jitter import MediumJitter, NoJitter

ACCESS, FREE, BUSY = 0.0005, 0.4, 0.03
STEP_S = 0.001


def delays(seconds: float, seed: int = 1) -> list[float]:
    """Of a packet in each step."""
    jitter = MediumJitter(ACCESS, FREE, BUSY, Random(seed))
    return [jitter.wait(step * STEP_S) for step in range(round(seconds / STEP_S))]


def test_most_packets_are_hardly_delayed_and_the_others_by_tens_of_milliseconds() -> None:
    found = sorted(delays(600))
    assert found[len(found) // 2] < 0.001
    assert 0.02 < found[int(len(found) * 0.98)] < 0.06
    # A packet meets an occupied medium with the share of time that it is occupied, and waits as long as it lasts in the
    # mean, because an exponential distribution has no memory.
    mean = ACCESS + BUSY / (BUSY + FREE) * BUSY
    assert sum(found) / len(found) == pytest.approx(mean, rel=0.1)


def test_what_is_ready_while_the_medium_is_occupied_goes_on_when_it_is_free() -> None:
    jitter = MediumJitter(1e-9, FREE, BUSY, Random(2))
    ends = [step * STEP_S + jitter.wait(step * STEP_S) for step in range(10_000)]
    waiting = [end for step, end in enumerate(ends) if end - step * STEP_S > 2 * STEP_S]
    # Each end of an occupied time is that of several packets.
    assert len(waiting) > 5 * len({round(end, 6) for end in waiting}) > 0


def test_a_seed_makes_the_same_delays_and_without_jitter_there_is_none() -> None:
    assert delays(2, seed=3) == delays(2, seed=3) != delays(2, seed=4)
    assert NoJitter().wait(1.0) == 0
