"""Time for the sessions of a worker: an event loop's, or a test's."""

from __future__ import annotations

import asyncio
import math
import time
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
    """Schedules a call after a delay, as an event loop does, but never earlier."""


def clock_of(loop: asyncio.AbstractEventLoop) -> Clock:
    """Return the clock of an event loop."""

    def call_later(delay: float, call: Callable[[], None]) -> Timer:
        # uvloop counts whole milliseconds from the beginning of its turn, and rounds to the nearest. A third of all
        # payload timers found nothing due yet, and had to wait again.
        if delay > 0:
            delay = math.ceil((time.monotonic() + delay - loop.time()) * 1e3) / 1e3
        return loop.call_later(delay, call)

    return Clock(time.monotonic, time.time, call_later)
