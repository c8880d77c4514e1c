"""householdd-control.socket: who may use householdctl, and that nobody starts the service by it."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from tests.daemon import wait_until
from tests.system.conftest import CONTROL_SOCKET_DROP_IN, PROJECT, configure
from tests.system.machine import Machine

READ_ONLY = [
    ["health"],
    ["health", "--check"],
    ["sessions", "list"],
    ["config", "show"],
    ["history", "list"],
    ["version"],
]
CHANGES = [["drain", "--reason", "a test", "--yes"], ["timeouts", "set", "drain=5s"]]


@pytest.mark.parametrize("command", READ_ONLY + CHANGES, ids=" ".join)
def test_no_call_starts_a_daemon_that_was_stopped(stopped: Machine, command: list[str]) -> None:
    done = stopped.ctl(*command, user="alice", check=False)
    assert "systemctl status householdd" in done.stderr or command in (["health", "--check"], ["version"]), done.stderr
    assert stopped.show("ActiveState") == "inactive"
    assert stopped.show("ActiveState", "householdd-control.socket") == "inactive"


@pytest.fixture(scope="module")
def stopped(installed: Machine) -> Machine:
    """A machine whose administrator has stopped the daemon."""
    configure(installed)
    installed.systemctl("start", "householdd")
    assert installed.ctl("health", user="alice").returncode == 0
    installed.systemctl("stop", "householdd")
    return installed


def test_calls_while_a_wrong_configuration_fails_do_not_use_up_the_starts(machine: Machine) -> None:
    machine.systemctl("stop", "householdd")
    machine.systemctl("reset-failed")
    machine.write("/etc/householdd/householdd.toml", "no_such_key = 1\n")
    calls = [asking(machine) for _ in range(8)]
    assert machine.systemctl("start", "householdd", check=False).returncode != 0
    assert [call.wait() for call in calls] == [0] * 8
    assert (machine.show("Result"), machine.show("NRestarts")) == ("exit-code", "0")
    assert machine.journal_text().count("no such setting") == 1
    failed = machine.ctl("health", check=False)
    assert (failed.returncode, "systemctl status householdd" in failed.stderr) == (3, True)
    configure(machine)
    # Without reset-failed, and at once.
    machine.systemctl("start", "householdd")
    assert machine.ctl("health").returncode == 0


def asking(machine: Machine) -> subprocess.Popen[bytes]:
    """Connects to the control socket again and again, as fast as it can, for some seconds."""
    connect = (
        "import socket, time; until = time.monotonic() + 5\n"
        "while time.monotonic() < until:\n"
        "    try: socket.socket(socket.AF_UNIX).connect('/run/householdd/control.sock')\n"
        "    except OSError: time.sleep(0.01)\n"
    )
    return subprocess.Popen(machine.command("python3", "-c", connect))


@pytest.fixture
def people(machine: Machine) -> Machine:
    """A machine with the groups of docs/control.md, and with users that are in them."""
    machine.write(
        "/etc/sysusers.d/roles.conf",
        "g netmon -\ng noc -\nu nagios\nm nagios netmon\nu carol\nm carol noc\nu dave\n",
    )
    machine.run("systemd-sysusers")
    return machine


def example() -> tuple[str, list[list[str]]]:
    """The example of docs/control.md: its configuration, and its commands."""
    roles = (PROJECT / "docs" / "control.md").read_text().partition("## Roles")[2].partition("## ")[0]
    configuration, commands = re.findall(r"^```\n(.*?)^```$", roles, re.DOTALL | re.MULTILINE)
    return configuration, [shlex.split(line.removeprefix("sudo ")) for line in commands.splitlines()]


def roles_of(machine: Machine, user: str) -> list[int]:
    """Exit codes of what a viewer, an operator and an admin may do."""
    calls = (
        ["health", "--check"],
        ["sessions", "kill", "--all", "--reason", "a test", "--yes", "--dry-run"],
        ["drain", "--reason", "a test", "--yes"],
        ["resume"],
        ["shutdown", "--reason", "a test", "--yes"],
    )
    return [machine.ctl(*call, user=user, check=False).returncode for call in calls]


def test_the_example_of_the_documentation_gives_the_roles_that_it_names(people: Machine) -> None:
    machine = people
    configuration, commands = example()
    configure(machine, configuration)
    for command in commands:
        machine.run(*command)
    assert machine.run("stat", "--format=%A %U %G", "/run/householdd/control.sock").stdout.split() == [
        "srw-rw-rw-",
        "householdd",
        "householdctl",
    ]
    denied = machine.ctl("sessions", "list", user="dave", check=False)
    assert (denied.returncode, "dave has no role" in denied.stderr) == (5, True)
    assert roles_of(machine, "nagios") == [0, 5, 5, 5, 5]
    assert roles_of(machine, "carol")[2:] == [0, 0, 5]
    assert roles_of(machine, "alice")[2:] == [0, 0, 0]


@pytest.mark.parametrize(
    ("setting", "drop_in", "problem", "code_of_others"),
    [
        ('socket_group = "noc"', "", "access.socket_group: systemd makes the control socket", 0),
        (
            'socket_mode = "0666"',
            "[Socket]\nSocketUser=root\n",
            "access.socket_mode: /run/householdd/control.sock: Oper",
            5,
        ),
    ],
)
def test_what_systemd_alone_can_do_is_refused_once_and_its_remedy_works(
    people: Machine, setting: str, drop_in: str, problem: str, code_of_others: int
) -> None:
    machine = people
    machine.write(f"{CONTROL_SOCKET_DROP_IN}/own.conf", drop_in)
    machine.systemctl("daemon-reload")
    configure(machine, f"[access]\n{setting}\n")
    checked = machine.run("householdd", "check-config", user="householdd", check=False)
    # Who made the socket shows only once it is there.
    assert (checked.returncode, problem in checked.stderr) == ((0, False) if drop_in else (2, True))
    assert machine.systemctl("restart", "householdd", check=False).returncode != 0
    assert (machine.show("ExecMainStatus"), machine.show("NRestarts")) == ("2", "0")
    (said,) = (line for line in machine.journal_text().splitlines() if problem in line)
    # What it says to type: without the setting, and with the lines in a drop-in.
    remedy = re.search(r"the lines (\[Socket\]) and (\S+), and then: sudo (.*)", said)
    assert remedy is not None
    machine.write(f"{CONTROL_SOCKET_DROP_IN}/remedy.conf", f"{remedy[1]}\n{remedy[2]}\n")
    machine.systemctl("daemon-reload")
    configure(machine)
    machine.run(*shlex.split(remedy[3]))
    # A member of the socket's group is an admin; with the mode everyone can connect and has no role.
    assert machine.ctl("health", user="carol", check=False).returncode == code_of_others


def test_a_worker_is_not_started_from_the_files_of_another_version(machine: Machine) -> None:
    (metadata,) = machine.path("/usr/lib/householdd/lib").glob("python3*/site-packages/householdd-*.dist-info/METADATA")
    before = metadata.read_text()
    worker = machine.server()["server"]["workers"][0]
    metadata.write_text(re.sub("^Version: .*$", "Version: 99.0", before, flags=re.MULTILINE))
    machine.kill(9, worker["pid"])
    wait_until(lambda: "these files are version 99.0" in machine.journal_text(), "the refusal")
    assert machine.answers()
    metadata.write_text(before)
    wait_until(lambda: "2 of 2 workers ready" in machine.show("StatusText"), "the worker", timeout_s=60)
