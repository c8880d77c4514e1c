"""Resource usage of the daemon's processes, from /proc/PID.

The collector of prometheus_client needs /proc/stat, which the hardened unit hides (ProcSubset=pid).
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from householdd.api import metric_families as metrics
from householdd.supervisor.counter_aggregate import Key, Value

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = resource.getpagesize()


@dataclass(frozen=True)
class ProcessUsage:
    """Resource usage of a process."""

    cpu: float
    """User and system time in seconds."""
    resident: int
    """Resident memory in bytes."""
    threads: int
    open_fds: int
    max_fds: float


def read(pid: int) -> ProcessUsage | None:
    """Return the usage of ``pid``; None if it has ended or cannot be read."""
    directory = Path("/proc") / str(pid)
    try:
        # proc_pid_stat(5), from field 3 on; the name before it may contain anything.
        fields = (directory / "stat").read_text().rpartition(")")[2].split()
        return ProcessUsage(
            cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
            resident=int(fields[21]) * _PAGE,
            threads=int(fields[17]),
            open_fds=sum(1 for _ in (directory / "fd").iterdir()),
            max_fds=resource.prlimit(pid, resource.RLIMIT_NOFILE)[0],
        )
    except OSError:
        return None


class Processes:
    """Reads processes by name, and adds the CPU time of replaced ones."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}
        """Process id and CPU seconds at the last reading."""
        self._past: dict[str, float] = {}

    def values(self, pids: Mapping[str, int]) -> Iterable[tuple[Key, Value]]:
        """Yield the samples of the processes; a pid of 0 means not running."""
        for name, pid in pids.items():
            reading = read(pid) if pid else None
            yield (metrics.PROCESS_CPU.name, (name,)), Value(self._cpu(name, pid, reading))
            if reading is not None:
                yield (metrics.PROCESS_RESIDENT.name, (name,)), Value(reading.resident)
                yield (metrics.PROCESS_THREADS.name, (name,)), Value(reading.threads)
                yield (metrics.PROCESS_OPEN_FDS.name, (name,)), Value(reading.open_fds)
                yield (metrics.PROCESS_MAX_FDS.name, (name,)), Value(reading.max_fds)

    def _cpu(self, name: str, pid: int, reading: ProcessUsage | None) -> float:
        known, seconds = self._seen.get(name, (pid, 0.0))
        if reading is not None:
            if known != pid:
                self._past[name] = self._past.get(name, 0.0) + seconds
            self._seen[name] = (pid, reading.cpu)
            seconds = reading.cpu
        return self._past.get(name, 0.0) + seconds
