"""What becomes of the service when something breaks."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from contextlib import AsyncExitStack

from tests.daemon import wait_until
from tests.system.conftest import drop_in
from tests.system.machine import Machine
from tests.system.sessions import session


def test_a_killed_worker_is_replaced_by_the_daemon_itself(machine: Machine) -> None:
    supervisor, worker = machine.pid(), machine.server()["server"]["workers"][0]
    machine.kill(signal.SIGKILL, worker["pid"])
    wait_until(lambda: machine.events("worker ended"), "the worker's end")
    wait_until(lambda: "2 of 2 workers ready" in machine.show("StatusText"), "its successor")
    assert machine.pid() == supervisor
    assert machine.show("NRestarts") == "0"
    errors = machine.run("journalctl", "-u", "householdd", "-p", "err", "-o", "cat").stdout
    assert "worker ended" in errors
    assert "worker ready" not in errors


def test_a_killed_daemon_is_started_again_without_leftovers(machine: Machine) -> None:
    before = {machine.pid(), *(worker["pid"] for worker in machine.server()["server"]["workers"])}
    machine.kill(signal.SIGKILL, machine.pid())
    wait_until(lambda: machine.show("NRestarts") == "1" and machine.answers(), "the restart")
    assert not {pid for pid in before if machine.path(f"/proc/{pid}").exists()}
    assert machine.ctl("health").returncode == 0


def test_a_frozen_worker_is_replaced_and_a_frozen_daemon_by_the_watchdog(machine: Machine) -> None:
    drop_in(machine, "WatchdogSec=3")
    supervisor, worker = machine.pid(), machine.server()["server"]["workers"][0]
    machine.kill(signal.SIGSTOP, worker["pid"])
    wait_until(lambda: machine.events("worker killed"), "the worker's end", timeout_s=60)
    # Longer than the watchdog's time, so it was fed all along.
    assert machine.pid() == supervisor
    machine.kill(signal.SIGSTOP, supervisor)
    wait_until(lambda: machine.show("NRestarts") == "1" and machine.answers(), "the restart")
    assert machine.pid() != supervisor
    said = machine.journal_text()
    assert "Watchdog timeout" in said
    # The stack in which it was stuck.
    assert "Fatal Python error: Aborted" in said


def test_an_emergency_shutdown_leaves_it_down(machine: Machine) -> None:
    machine.ctl("shutdown", "--yes", "--reason", "line card on fire")
    wait_until(lambda: machine.show("ActiveState") == "inactive", "the end")
    assert machine.show("Result") == "success"
    # Nor does an operator who looks start it again.
    assert machine.ctl("health", check=False).returncode != 0
    assert machine.show("ActiveState") == "inactive"
    machine.systemctl("start", "householdd")
    assert machine.ctl("health").returncode == 0


async def test_the_journal_has_a_line_for_each_session_and_none_for_frames(machine: Machine) -> None:
    async with AsyncExitStack() as stack:
        pages = [await session(stack, machine, profile) for profile in ("alex", "sarah", "alex")]
        for page in pages:
            await page.payload()
            await page.payload()
    await asyncio.to_thread(wait_until, lambda: len(machine.events("session closed")) == 3, "the ends")
    lines = [line for line in machine.events() if line["logger"] != "supervisor"]
    # A busy machine has passes of the control loop that are late; they are no client's.
    assert Counter(line["event"] for line in lines if line["event"] != "slow control loop") == {"session closed": 3}
    assert {line["session"] for line in lines if "session" in line} == {page.session_id for page in pages}


async def test_a_full_disk_costs_no_session(machine: Machine) -> None:
    machine.systemctl("stop", "householdd")
    machine.run("mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "disk", "/var/lib/householdd")
    machine.run("chown", "householdd:", "/var/lib/householdd")
    try:
        machine.systemctl("start", "householdd")
        machine.run("sh", "-c", "cat /dev/zero >/var/lib/householdd/filler; test -s /var/lib/householdd/filler")
        async with AsyncExitStack() as stack:
            await session(stack, machine)
        await asyncio.to_thread(wait_until, lambda: machine.events("session closed"), "the session's end")
        assert machine.events("session closed")[0]["reason"] == "client_closed"
        # A start finds no room either.
        machine.systemctl("restart", "householdd")
        assert machine.answers()
    finally:
        machine.systemctl("kill", "--signal=KILL", "householdd", check=False)
        machine.run("umount", "-l", "/var/lib/householdd")
