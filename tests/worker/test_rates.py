"""Do the profiles get the rates they ask for? Counted by the client down, and by the server up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from householdd.traffic.pacer import CATCH_UP_S
from householdd.traffic.shapes import BULK_TICK_S
from householdd.worker.connection import WRITE_LIMIT_BYTES
from tests.daemon import CROWD, Daemon, running
from tests.worker.load import Order, Rates, Report
from tests.worker.raw_client import RawClient

pytestmark = pytest.mark.rates

TOLERANCE = 0.02

STARVED = CATCH_UP_S
"""Seconds of lateness of a client's own timers from which on a wrong rate says nothing about the daemon: what a client
does not take for so long is dropped, as it should be."""

MEGABITS = {"alex": (1.5, 0.75), "sarah": (2.5, 2.5), "jake": (5.0, 0.1), "computer": (50.0, 0.1)}
"""Wanted download and upload. The Computer's 1000 Mbit/s are beyond a client in Python, so it wishes for 50."""


def load(daemon: Daemon, *parts: list[str], spread: float) -> list[Report]:
    """Runs each part of the users in a process of its own, all at once."""
    ca_file = str(daemon.directory / "state" / "dev-ca.pem")
    processes = []
    for users in parts:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if process.stdin is None:
            raise AssertionError
        process.stdin.write(msgspec.json.encode(Order(daemon.ws_url, ca_file, users, spread)))
        process.stdin.close()
        process.stdin = None
        processes.append(process)
    try:
        outputs = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [msgspec.json.decode(output, type=Report) for output in outputs]


def off(rates: Rates) -> list[str]:
    """What is not within the tolerance, in words."""
    wanted = MEGABITS[rates.user.partition("_")[0].partition("?")[0]]
    return [
        f"{rates.user} {direction} {measured / 1e6:.4f} of {megabits} Mbit/s, {measured / megabits / 1e4 - 100:+.2f} %"
        for direction, measured, megabits in zip(("down", "up"), (rates.download, rates.upload), wanted, strict=True)
        if abs(measured / (megabits * 1e6) - 1) > TOLERANCE
    ]


def check(daemon: Daemon, reports: list[Report]) -> None:
    """Every session within the tolerance; clients that got no time to run are named as the reason, not the daemon."""
    wrong = [words for report in reports for rates in report.sessions for words in off(rates)]
    if not wrong:
        return
    lag = max(report.worst_lag for report in reports)
    if lag > STARVED:
        pytest.fail(
            f"the clients were starved: their own timers came up to {lag:.3f} s late; {len(wrong)} rates are off"
        )
    loops = [worker.control_loop for worker in daemon.get_server().workers]
    gaps = ", ".join(f"{loop.longest_gap.ToMilliseconds()} ms" for loop in loops)
    pytest.fail("\n".join([*wrong, f"clients' lag {lag:.3f} s; longest gaps between control passes {gaps}"]))


def test_each_profile_has_its_rate_with_four_users_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        users = [f"{who}_1" for who in ("alex", "sarah", "jake")] + ["computer_1?throughput=50"]
        check(daemon, load(daemon, users, spread=0))


def test_each_session_has_its_rate_with_fifty_households_at_once(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2", env=CROWD) as daemon:
        halves = [
            [f"{who}_{index}" for index in range(first, 50, 2) for who in ("alex", "sarah", "jake")] for first in (0, 1)
        ]
        check(daemon, load(daemon, *halves, spread=5))


def test_a_bulk_session_is_not_held_to_one_write_buffer_a_tick(daemon: Daemon) -> None:
    computer = RawClient(daemon, "computer", answers_pings=True)
    try:
        # It opens up first, as its answers to pings earn it more.
        computer.read(seconds=3)
    finally:
        computer.close()
    last = computer.arrivals[-1][0]
    received = sum(size for at, size in computer.arrivals if at > last - 2)
    # Of 1000 Mbit/s that it wants; twice what one buffer a tick would make is told apart on any machine.
    assert received * 8 / 2 > 2 * WRITE_LIMIT_BYTES * 8 / BULK_TICK_S
