"""Time for the sessions of a worker: an event loop's, or a test's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Drop the call, unless it was made already."""


@dataclass(frozen=True)
class Clock:
    """Source of time, in seconds."""

    now: Callable[[], float]
    """Monotonic time."""
    wall: Callable[[], float]
    """Unix time."""
    call_later: Callable[[float, Callable[[], None]], Timer]
    """Schedules a call after a delay, as an event loop does."""
