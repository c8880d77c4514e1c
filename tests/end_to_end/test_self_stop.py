"""The emergency stop while something that it would need stands still."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import TIMEOUT_S, Daemon
from tests.websocket_clients import OldPage, client
from tests.worker.http_client import ask


def by_file(daemon: Daemon) -> None:
    (daemon.runtime_dir / "emergency-stop").touch()


def by_signal_to_all(daemon: Daemon) -> None:
    """As systemd sends it to a unit."""
    for pid in (daemon.process.pid, *children(daemon)):
        os.kill(pid, signal.SIGUSR2)


def children(daemon: Daemon) -> list[int]:
    """Return the worker processes, also when nobody answers for them."""
    pid = daemon.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def hold_nothing(_: Daemon) -> None:
    """All goes well."""


def hold_supervisor(daemon: Daemon) -> None:
    os.kill(daemon.process.pid, signal.SIGSTOP)


def hold_worker(daemon: Daemon) -> None:
    os.kill(children(daemon)[0], signal.SIGSTOP)


def fill_disk(daemon: Daemon) -> None:
    """No file can grow: neither the log, nor the history, nor the mark of the stop."""
    for pid in (daemon.process.pid, *children(daemon)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize(
    ("order", "trouble"),
    [
        (by_signal_to_all, hold_nothing),
        (by_signal_to_all, hold_supervisor),
        (by_file, hold_supervisor),
        (by_file, hold_worker),
        (by_file, fill_disk),
    ],
)
async def test_all_traffic_ends_and_the_daemon_with_it_once_it_can(
    daemon: Daemon, order: Callable[[Daemon], None], trouble: Callable[[Daemon], None]
) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.payload()
        trouble(daemon)
        order(daemon)
        await asyncio.wait_for(alex.connection.wait_closed(), TIMEOUT_S)
        if trouble is hold_worker:
            # It was killed.
            assert alex.connection.close_code == 1006
        else:
            assert alex.last("session_complete")["reason"] == "emergency"
    if trouble is hold_supervisor:
        assert daemon.process.poll() is None
        assert (await asyncio.to_thread(ask, daemon, "/virtual-household/ready")).json["cause"] == "emergency"
        os.kill(daemon.process.pid, signal.SIGCONT)
    assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0
    if trouble is not fill_disk:
        (line,) = daemon.events("change")
        assert line["method"] == "household.v1.ServerService/ShutdownServer"


async def test_a_worker_whose_supervisor_stands_still_refuses_sessions_and_its_stop_is_everybodys(
    daemon_of_two: Daemon,
) -> None:
    daemon, workers = daemon_of_two, children(daemon_of_two)
    async with client(daemon, "alex", OldPage) as alex:
        await alex.payload()
        hold_supervisor(daemon)
        deadline = time.monotonic() + TIMEOUT_S
        row = "/ws/virtual-household/sarah?test_id=7"
        while "refusal" not in (answer := await asyncio.to_thread(ask, daemon, row)).json:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert answer.json["refusal"]["cause"] == "unsupervised"
        # Who is in goes on.
        await alex.payload()
        os.kill(workers[0], signal.SIGUSR2)
        os.kill(daemon.process.pid, signal.SIGCONT)
        await asyncio.wait_for(alex.connection.wait_closed(), TIMEOUT_S)
    assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0
    (line,) = daemon.events("change")
    assert (line["via"], line["reason"]) == ("worker 0", "by signal")
