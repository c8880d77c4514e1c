"""householdd.service, driven as an administrator does."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.daemon import wait_until
from tests.system.conftest import PROJECT, configure, drop_in
from tests.system.machine import Machine
from tests.system.sessions import served, session

FEW_LINES = 8
"""Lines that a reload may leave in the journal, systemd's own included."""


def test_it_starts_says_how_it_is_and_serves(machine: Machine) -> None:
    assert machine.show("ActiveState") == "active"
    assert machine.show("StatusText").startswith("serving: 0 sessions, 2 of 2 workers ready")
    assert "<html" in machine.get("/")
    checked = machine.ctl("check", "leaks", f"{machine.ws_url}", "--duration", "1", "--insecure", check=False)
    assert checked.returncode == 0, checked.stderr


def test_root_and_the_group_may_control_it_and_others_may_not(machine: Machine) -> None:
    for user in ("root", "alice"):
        assert machine.ctl("timeouts", "get", user=user).returncode == 0
    for user in ("bob", "nobody"):
        denied = machine.ctl("timeouts", "get", user=user, check=False)
        assert denied.returncode != 0
        assert "ermission denied" in denied.stderr


def test_no_process_of_it_may_more_than_it_needs(machine: Machine) -> None:
    processes = machine.proc_of("householdd")
    assert len(processes) == 3
    for process in processes:
        lines = (line.partition(":") for line in (process / "status").read_text().splitlines())
        status = {name: value.split() for name, _, value in lines}
        assert "0" not in status["Uid"] + status["Gid"]
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind][0], 16) == 0, kind
        # Mode 2 is a filter of system calls, prctl(2).
        assert (status["NoNewPrivs"], status["Seccomp"]) == (["1"], ["2"])


async def test_the_status_has_live_counts(machine: Machine) -> None:
    async with AsyncExitStack() as stack:
        await session(stack, machine)
        await asyncio.to_thread(wait_until, lambda: "serving: 1 sessions" in machine.show("StatusText"), "the session")


def test_a_reload_takes_what_is_right_and_refuses_what_is_wrong(machine: Machine) -> None:
    configure(machine, "[timeouts]\ninactivity = 25\n")
    # The journal may be a moment behind the start.
    wait_until(lambda: "Started householdd" in machine.journal_text(), "the last line of the start")
    before = len(machine.journal_text().splitlines())
    machine.systemctl("reload", "householdd")
    wait_until(lambda: "25s" in machine.ctl("timeouts", "get").stdout, "the new timeout")
    wait_until(lambda: machine.events("reloaded"), "the end of the reload")
    assert len(machine.journal_text().splitlines()) - before <= FEW_LINES
    configure(machine, "[timeouts]\ninactivity = -1\n")
    assert machine.systemctl("reload", "householdd", check=False).returncode != 0
    assert "inactivity: -1 s is out of range; allowed is 1 to 3600 s" in machine.journal_text()
    assert "25s" in machine.ctl("timeouts", "get").stdout
    assert machine.answers()


def test_the_audit_is_read_from_the_journal(machine: Machine) -> None:
    machine.ctl("timeouts", "set", "inactivity=26s", user="alice")
    wait_until(lambda: machine.ctl("audit", "-o", "jsonl").stdout, "the line")
    (line,) = machine.ctl("audit", "-o", "jsonl", "--actor", "alice").stdout.splitlines()
    assert '"method": "household.v1.ConfigService/UpdateRuntimeConfig"' in line
    # Who may not read the journal is told.
    denied = machine.ctl("audit", user="bob", check=False)
    assert denied.returncode == 1
    assert "cannot read the journal" in denied.stderr


async def test_a_certificate_is_renewed_and_sessions_go_on(machine: Machine) -> None:
    async with AsyncExitStack() as stack:
        page = await session(stack, machine)
        machine.issue_certificate("renewed.example")
        await asyncio.to_thread(machine.systemctl, "reload", "householdd")
        await asyncio.to_thread(wait_until, lambda: b"renewed.example" in served(machine), "the new certificate")
        await page.payload()
    assert [each["reason"] for each in machine.events("session closed")] == ["client_closed"]


async def test_a_key_for_root_alone_is_renewed_and_sessions_go_on(machine: Machine) -> None:
    key, copy = "/etc/householdd/tls.key", "/run/householdd/private/tls.key"
    config = machine.path("/etc/householdd/householdd.toml").read_text()
    machine.write("/etc/householdd/householdd.toml", config.replace(key, copy))
    machine.run("chmod", "600", key)
    drop_in(machine, *(PROJECT / "docs" / "examples" / "root-key.conf").read_text().splitlines())
    async with AsyncExitStack() as stack:
        page = await session(stack, machine)
        machine.issue_certificate("renewed.example")
        machine.run("chmod", "600", key)
        await asyncio.to_thread(machine.systemctl, "reload", "householdd")
        await asyncio.to_thread(wait_until, lambda: b"renewed.example" in served(machine), "the new certificate")
        await page.payload()
    await asyncio.to_thread(machine.systemctl, "stop", "householdd")
    assert not machine.path(copy).exists()


async def test_a_key_of_another_certificate_fails_the_reload(machine: Machine) -> None:
    before = served(machine)
    old_key = machine.path("/etc/householdd/tls.key").read_bytes()
    machine.issue_certificate()
    machine.write("/etc/householdd/tls.key", old_key, 0o640, "householdd")
    assert machine.systemctl("reload", "householdd", check=False).returncode != 0
    assert "the key does not belong to the certificate" in machine.journal_text()
    assert served(machine) == before


async def test_a_stop_waits_for_sessions_longer_than_its_timeout(machine: Machine) -> None:
    drop_in(machine, "TimeoutStopSec=2")
    async with AsyncExitStack() as stack:
        page = await session(stack, machine)
        stopping = asyncio.create_task(asyncio.to_thread(machine.systemctl, "stop", "householdd"))
        await asyncio.to_thread(wait_until, lambda: "draining: 1" in machine.show("StatusText"), "the drain")
        # Past the two seconds, within the drain timeout.
        await asyncio.sleep(4)
        await page.payload()
        assert not stopping.done()
        await page.connection.close()
        await stopping
    assert machine.show("Result") == "success"
    assert [each["reason"] for each in machine.events("session closed")] == ["client_closed"]


async def test_a_stop_lets_a_run_open_all_its_sessions_and_play_to_its_end(machine: Machine) -> None:
    drop_in(machine, "TimeoutStopSec=2")
    async with AsyncExitStack() as stack:
        run = [await session(stack, machine, "alex_17")]
        stopping = asyncio.create_task(asyncio.to_thread(machine.systemctl, "stop", "householdd"))
        await asyncio.to_thread(wait_until, lambda: "draining: 1" in machine.show("StatusText"), "the drain")
        run += [await session(stack, machine, who) for who in ("sarah_17", "computer_17")]
        # Past the two seconds, within the drain timeout.
        await asyncio.sleep(4)
        for each in run:
            await each.payload()
        assert not stopping.done()
        await asyncio.gather(*(each.connection.close() for each in run))
        await stopping
    assert machine.show("Result") == "success"
    assert {each["reason"] for each in machine.events("session closed")} == {"client_closed"}
