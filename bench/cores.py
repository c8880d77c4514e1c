"""Assignment of processes to cores, and their CPU time."""

from __future__ import annotations

import os
import time
from pathlib import Path

SERVER = 0
LOAD = 1
"""Core of the clients and of this process."""

ON_SERVER_CORE = ("taskset", "-c", str(SERVER))
"""Command prefix that runs processes on the server's core."""


def pin_load() -> None:
    """Pin this process and its children to the load's core. Raise SystemExit on a machine with one core."""
    if not {SERVER, LOAD} <= os.sched_getaffinity(0):
        raise SystemExit(f"the benchmarks need cores {SERVER} and {LOAD} of the machine")
    os.sched_setaffinity(0, {LOAD})


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process and its threads, in seconds, including TCP's sending on loopback."""
    # clock_getcpuclockid(3), missing in Python: the complement of the pid above the bits of CPUCLOCK_SCHED.
    return time.clock_gettime((~pid << 3) | 2)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, directly or not, and that run."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]
