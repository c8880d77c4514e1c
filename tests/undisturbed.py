"""Runs of the household that a busy machine had no time for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

ATTEMPTS = 3
"""How often a run is made on a machine that is too busy to measure."""

T = TypeVar("T")


def undisturbed(play: Callable[[], T], too_busy: Callable[[T], object]) -> T:
    """What ``play`` gives, which makes a run; made again where that does not count because the machine was too busy."""
    for _ in range(ATTEMPTS):
        given = play()
        if not too_busy(given):
            return given
    raise AssertionError(f"the machine was too busy in each of {ATTEMPTS} runs")
