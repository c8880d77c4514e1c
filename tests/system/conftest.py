"""Fixtures of the tests that need a machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machine import Machine, booted
from tests.system.root import NoMachineError, debian_root

PROJECT = Path(__file__).parent.parent.parent

ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control").read_text().split()
"""Congestion control that a process without privileges may choose."""

CUBIC_IS_ALLOWED = "cubic" in ALLOWED

PORT_OF_THE_SOCKET = 443
"""Where householdd.socket listens."""

CONFIG = """\
cert = "/etc/householdd/tls.crt"
key = "/etc/householdd/tls.key"
workers = 2
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.system)


@contextlib.contextmanager
def bare(box: Path) -> Iterator[Machine]:
    """A machine with nothing installed; skips where there can be none."""
    try:
        root = debian_root()
    except NoMachineError as error:
        pytest.skip(f"no machine to test on: {error}")
    box.mkdir()
    with contextlib.ExitStack() as stack:
        try:
            machine = stack.enter_context(booted(root, box))
        except NoMachineError as error:
            pytest.skip(f"no machine to test on: {error}")
        yield machine


@pytest.fixture(scope="session")
def package() -> Path:
    """The Debian package."""
    built = sorted((PROJECT / "dist").glob("householdd_*.deb"), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.skip("no Debian package was built; type: make deb")
    return built[-1]


def install(machine: Machine, package: Path) -> str:
    """Installs a package; what dpkg said."""
    machine.write("/tmp/householdd.deb", package.read_bytes())  # noqa: S108 - the machine's own
    done = machine.run("dpkg", "--install", "/tmp/householdd.deb")  # noqa: S108
    return done.stdout + done.stderr


def configure(machine: Machine, extra: str = "") -> None:
    """Writes certificate and configuration, as an administrator does after the installation.

    Where the kernel keeps the default congestion control for root another one is set, unless systemd opens the port.
    """
    machine.issue_certificate()
    chosen = "" if machine.port == PORT_OF_THE_SOCKET or CUBIC_IS_ALLOWED else f'congestion_control = "{ALLOWED[0]}"\n'
    machine.write("/etc/householdd/householdd.toml", CONFIG + chosen + extra)


@pytest.fixture
def bare_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with nothing installed."""
    with bare(tmp_path_factory.mktemp("machine") / "box") as machine:
        yield machine


@pytest.fixture(scope="session")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with the package and a certificate, and with alice, who may use householdctl, and bob, who may not."""
    with bare(tmp_path_factory.mktemp("machine") / "box") as machine:
        install(machine, package)
        configure(machine)
        machine.write("/etc/sysusers.d/people.conf", "u alice\nm alice householdctl\nu bob\n")
        machine.run("systemd-sysusers")
        yield machine


@pytest.fixture
def machine(installed: Machine) -> Iterator[Machine]:
    """A machine on which householdd has just been started by systemctl; afterwards it is as before."""
    installed.systemctl("start", "householdd")
    yield installed
    units = ("householdd.socket", "householdd.service")
    installed.systemctl("kill", "--signal=KILL", "householdd", check=False)
    installed.systemctl("stop", *units, check=False)
    installed.run("rm", "-rf", DROP_IN, CONTROL_SOCKET_DROP_IN, "/run/householdd/emergency-stop")
    configure(installed)
    installed.systemctl("daemon-reload")
    installed.systemctl("reset-failed", check=False)
    installed.run("journalctl", "--rotate")
    installed.run("journalctl", "--vacuum-time=1s")


DROP_IN = "/etc/systemd/system/householdd.service.d"
CONTROL_SOCKET_DROP_IN = "/etc/systemd/system/householdd-control.socket.d"


def drop_in(machine: Machine, *lines: str) -> None:
    """Changes the service as `systemctl edit` does, and starts it anew."""
    machine.write(f"{DROP_IN}/test.conf", "\n".join(["[Service]", *lines, ""]))
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "householdd")
