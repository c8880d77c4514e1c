"""Repeats runs of the household that a busy machine spoiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

ATTEMPTS = 3
"""Attempts on a busy machine."""

T = TypeVar("T")


def undisturbed(play: Callable[[], T], too_busy: Callable[[T], object]) -> T:
    """Return the result of ``play``, repeated while the machine was too busy for a valid run."""
    for _ in range(ATTEMPTS):
        given = play()
        if not too_busy(given):
            return given
    raise AssertionError(f"the machine was too busy in each of {ATTEMPTS} runs")
