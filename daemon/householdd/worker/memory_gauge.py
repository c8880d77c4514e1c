"""How short of memory the daemon is, as the kernel says of its control group."""

from __future__ import annotations

import re
from pathlib import Path

_FULL = re.compile(r"^full avg10=([0-9.]+)", re.MULTILINE)
_FILES = re.compile(r"^(?:in)?active_file (\d+)$", re.MULTILINE)


class MemoryGauge:
    """Looks into the files of cgroup v2, which a unit with ``ProcSubset=pid`` can read as well.

    A control group is all processes of the daemon, so every worker sees the same.
    """

    def __init__(
        self,
        root: Path = Path("/sys/fs/cgroup"),
        own: Path = Path("/proc/self/cgroup"),
        machine: Path = Path("/proc/pressure/memory"),
    ) -> None:
        """The mount of cgroup v2, the file that names the own group, and the pressure of the whole machine."""
        group = root / _own_group(own)
        # A limit of any group around counts: a slice, or a container.
        self._groups = [each for each in (group, *group.parents) if each.is_relative_to(root)]
        self._pressures = [group / "memory.pressure", machine]

    def used(self) -> float | None:
        """Part of the memory that is taken of what may be, in the group that is nearest to its limit.

        Pages of files are not taken, since the kernel gives them back before it ends a process: a database that is read
        often would fill any limit. Where giving back is not enough says ``stalled``. None where nothing limits it.
        """
        return max((part for group in self._groups if (part := _part(group)) is not None), default=None)

    def stalled(self) -> float | None:
        """Part of the last 10 s in which all that wanted to run waited for memory (PSI); None where it is not told."""
        for path in self._pressures:
            match = _FULL.search(_read(path))
            if match is not None:
                return float(match[1]) / 100
        return None


def _own_group(file: Path) -> str:
    """Its path below the mount; the mount's own group where it has none or is not visible."""
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
    """The file's text; empty where it is not there or not told, as in a kernel without cgroup v2 or PSI."""
    try:
        return path.read_text()
    except OSError:
        return ""
