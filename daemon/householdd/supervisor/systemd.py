"""systemd's side of the daemon: sd_notify(3) and the watchdog of the unit."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping

import structlog

log = structlog.get_logger("supervisor")

MAX_LOOP_STALL_S = 30.0
"""Seconds within which a loop must come round; more than all its calls may take together."""


def notify(message: str) -> None:
    """Send ``message`` to systemd; do nothing if systemd did not start the daemon."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the zero byte of an abstract socket.
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(0)
        try:
            sock.sendto(message.encode(), path)
        except OSError as error:
            # The daemon serves all the same.
            log.warning("could not notify systemd", message=message, problem=error.strerror)


class Watchdog:
    """Feeds the unit's watchdog (WatchdogSec) while the daemon's loops come round; does nothing without one.

    A process that hangs as a whole does not get here. A single loop that hangs makes :meth:`feed` do nothing, so that
    systemd replaces the daemon.
    """

    def __init__(self, environ: Mapping[str, str], notify: Callable[[str], None]) -> None:
        wanted = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 if wanted else 0.0
        self._interval = period / 4
        self._notify = notify
        self._fed = float("-inf")
        self._stuck: list[str] = []

    def feed(self, now: float, loops: Mapping[str, float]) -> None:
        """Feed the watchdog. ``loops`` has the time of each loop's last pass, on the clock of ``now``."""
        stuck = sorted(name for name, at in loops.items() if now - at > MAX_LOOP_STALL_S)
        if stuck != self._stuck:
            self._stuck = stuck
            if stuck:
                log.critical("a loop is stuck; the watchdog goes unfed", loops=stuck)
        if self._interval and not stuck and now - self._fed >= self._interval:
            self._notify("WATCHDOG=1")
            self._fed = now
