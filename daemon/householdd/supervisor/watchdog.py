"""systemd's watchdog, fed only while the daemon's loops go round."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import structlog

log = structlog.get_logger("supervisor")

MAX_LOOP_STALL_S = 30.0
"""Seconds within which a loop has to come round; longer than all its calls may take together."""


class Watchdog:
    """Feeds the watchdog of the unit (WatchdogSec); does nothing where there is none.

    A process that is stuck as a whole does not get here. A single loop that is stuck makes :meth:`feed` withhold the
    food, so that systemd replaces the daemon.
    """

    def __init__(self, environ: Mapping[str, str], notify: Callable[[str], None]) -> None:
        wanted = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 if wanted else 0.0
        self._interval = period / 4
        self._notify = notify
        self._fed = float("-inf")
        self._stuck: list[str] = []

    def feed(self, now: float, loops: Mapping[str, float]) -> None:
        """``loops`` has the time at which each last came round, on the clock of ``now``."""
        stuck = sorted(name for name, at in loops.items() if now - at > MAX_LOOP_STALL_S)
        if stuck != self._stuck:
            self._stuck = stuck
            if stuck:
                log.critical("a loop is stuck; the watchdog goes unfed", loops=stuck)
        if self._interval and not stuck and now - self._fed >= self._interval:
            self._notify("WATCHDOG=1")
            self._fed = now
