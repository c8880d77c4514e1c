"""Memory use and pressure of the daemon's control group."""

from __future__ import annotations

import re
from pathlib import Path

_FULL = re.compile(r"^full avg10=([0-9.]+)", re.MULTILINE)
_FILES = re.compile(r"^(?:in)?active_file (\d+)$", re.MULTILINE)


class MemoryGauge:
    """Reads the files of cgroup v2, which ``ProcSubset=pid`` does not hide.

    The control group holds all processes of the daemon, so every worker reads the same.
    """

    def __init__(
        self,
        root: Path = Path("/sys/fs/cgroup"),
        own: Path = Path("/proc/self/cgroup"),
        machine: Path = Path("/proc/pressure/memory"),
    ) -> None:
        """``root`` is the mount of cgroup v2, ``own`` names the group, ``machine`` is the pressure of the machine."""
        group = root / _own_group(own)
        # Limits of parent groups count too: a slice, or a container.
        self._groups = [each for each in (group, *group.parents) if each.is_relative_to(root)]
        self._pressures = [group / "memory.pressure", machine]

    def used(self) -> float | None:
        """Return the used part of the memory limit, in the group nearest to its limit; None without a limit.

        File pages do not count, since the kernel reclaims them before it kills a process, and a database that is read
        often fills any limit. ``stalled`` shows when reclaim is not enough.
        """
        return max((part for group in self._groups if (part := _part(group)) is not None), default=None)

    def stalled(self) -> float | None:
        """Return the part of the last 10 s in which all tasks waited for memory (PSI full); None if unknown."""
        for path in self._pressures:
            match = _FULL.search(_read(path))
            if match is not None:
                return float(match[1]) / 100
        return None


def _own_group(file: Path) -> str:
    """Return the path of the group below the mount; empty if it has none or is not visible."""
    for line in _read(file).splitlines():
        name = line.removeprefix("0::/")
        if name != line and ".." not in name:
            return name
    return ""


def _part(group: Path) -> float | None:
    limits = [int(text) for name in ("memory.max", "memory.high") if (text := _read(group / name).strip()).isdigit()]
    current = _read(group / "memory.current").strip()
    if not current.isdigit() or not limits or min(limits) == 0:
        return None
    files = sum(map(int, _FILES.findall(_read(group / "memory.stat"))))
    return max(int(current) - files, 0) / min(limits)


def _read(path: Path) -> str:
    """Return the text of a file; empty if unreadable, as in a kernel without cgroup v2 or PSI."""
    try:
        return path.read_text()
    except OSError:
        return ""
