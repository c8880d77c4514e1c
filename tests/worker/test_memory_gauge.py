"""The kernel's files, as they are with and without limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from householdd.worker.memory_gauge import MemoryGauge

UNIT = "system.slice/householdd.service"
STAT = "anon 300\nfile 500\ninactive_file 200\nactive_file 300\n"
PRESSURE = "some avg10=40.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=12.50 avg60=0.00 avg300=0.00 total=1\n"


def gauge(directory: Path, files: dict[str, str], group: str = f"0::/{UNIT}\n") -> MemoryGauge:
    """Of a kernel that has ``files``, by their path below the mount; the machine's pressure is ``machine``."""
    root = directory / "cgroup"
    root.mkdir()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (directory / "own").write_text(group)
    return MemoryGauge(root, directory / "own", root / "machine")


def group(at: str, limit: str, high: str = "max", current: int = 1000) -> dict[str, str]:
    files = {"memory.max": limit, "memory.high": high, "memory.current": str(current), "memory.stat": STAT}
    return {f"{at}/{name}": f"{text}\n" for name, text in files.items()}


@pytest.mark.parametrize(
    ("files", "used"),
    [
        ({}, None),
        (group(UNIT, "max"), None),
        # Pages of files are given back, and not taken.
        (group(UNIT, "1000"), 0.5),
        (group(UNIT, "1000", high="625"), 0.8),
        (group(UNIT, "0"), None),
        # The slice around is nearer to its limit.
        ({**group(UNIT, "1000"), **group("system.slice", "10000", current=9500)}, 0.9),
        # In a container the mount is the container's own group.
        (group(".", "1000"), 0.5),
    ],
)
def test_memory_is_used_of_what_the_nearest_limit_allows(
    tmp_path: Path, files: dict[str, str], used: float | None
) -> None:
    assert gauge(tmp_path, files).used() == used


def test_a_group_that_cannot_be_seen_is_the_mount_s(tmp_path: Path) -> None:
    assert gauge(tmp_path, group(".", "1000"), "1:memory:/x\n0::/../../elsewhere\n").used() == 0.5


@pytest.mark.parametrize(
    ("files", "stalled"),
    [
        ({}, None),
        ({f"{UNIT}/memory.pressure": PRESSURE, "machine": PRESSURE.replace("12.50", "99.00")}, 0.125),
        ({"machine": PRESSURE}, 0.125),
    ],
)
def test_stalls_are_those_of_the_group_or_else_of_the_machine(
    tmp_path: Path, files: dict[str, str], stalled: float | None
) -> None:
    assert gauge(tmp_path, files).stalled() == stalled


def test_this_machine_s_files_are_read() -> None:
    used, stalled = MemoryGauge().used(), MemoryGauge().stalled()
    # Nothing may limit this machine, and its kernel may not tell of pressure.
    assert used is None or used > 0
    assert stalled is None or 0 <= stalled <= 1
    assert stalled is not None or not Path("/proc/pressure/memory").exists()
