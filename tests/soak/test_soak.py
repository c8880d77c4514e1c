"""Thousands of abandoned sessions leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from household.v1 import server_service_pb2
from tests.daemon import CROWD, Daemon, running, wait_until

THOUSANDS = int(os.environ.get("SOAK_THOUSANDS", "5"))
"""How many sessions in all; the first two thousand warm up allocator, caches and the list of recent sessions."""

SEED = 20261123

GROWTH = 12 * 1024 * 1024
"""Bytes of resident memory that may come on top of the second thousand, by fragmentation: it takes many sessions
until the allocator has seen every order in which they end, and the memory rises and falls by up to 9 MB meanwhile. A
session takes some 50 kB, so three thousand that kept a tenth of it would be 15 MB. Objects are counted to the last one
beside it."""


def census(daemon: Daemon) -> server_service_pb2.Census:
    return daemon.get_server().workers[0].census


def abandon(daemon: Daemon, count: int, seed: int) -> None:
    authority = str(daemon.directory / "state" / "dev-ca.pem")
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.abandon", daemon.url, authority, str(count), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    sys.stdout.write(done.stdout)
    wait_until(lambda: census(daemon).connections == 0, "the end of all connections")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running(tmp_path, env=CROWD) as daemon:
        yield daemon


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_thousands_of_abandoned_sessions_leave_nothing_behind(daemon: Daemon) -> None:
    # So that those who fall silent are given up soon.
    assert daemon.ctl("timeouts", "set", "inactivity=1").returncode == 0
    abandon(daemon, 100, SEED)
    before = census(daemon)
    resident: list[int] = []
    for thousand in range(1, THOUSANDS + 1):
        abandon(daemon, 1000, SEED + thousand)
        resident.append(census(daemon).resident_bytes)
        sys.stdout.write(f"{thousand * 1000} abandoned, {resident[-1]} bytes resident\n")
    after = census(daemon)
    for field in ("sessions", "connections", "buffered_bytes", "timers", "session_objects", "connection_objects"):
        assert getattr(after, field) == 0, field
    assert after.tasks == before.tasks
    assert after.file_descriptors == before.file_descriptors
    assert resident[-1] - resident[1] < GROWTH
    assert len(daemon.get_server().totals.sessions_closed) >= 5
