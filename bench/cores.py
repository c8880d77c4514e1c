"""Who runs on which core, and what a process used of it."""

from __future__ import annotations

import os
import time

SERVER = 0
LOAD = 1
"""Core of everything else: clients, and this process."""

ON_SERVER_CORE = ("taskset", "-c", str(SERVER))
"""Prefix of a command whose processes run on the server's core."""


def pin_load() -> None:
    """This process and what it starts from now on run on the load's core. Raises SystemExit on a smaller machine."""
    if not {SERVER, LOAD} <= os.sched_getaffinity(0):
        raise SystemExit(f"the benchmarks need cores {SERVER} and {LOAD} of the machine")
    os.sched_setaffinity(0, {LOAD})


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads, to the nanosecond; on loopback with what TCP does to send."""
    # clock_getcpuclockid(3), which Python does not have: the complement of the pid above the bits of CPUCLOCK_SCHED.
    return time.clock_gettime((~pid << 3) | 2)
