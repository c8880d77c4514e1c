"""The Debian package's life on a machine: installed, upgraded, removed, purged."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import CUBIC_IS_ALLOWED, configure, install
from tests.system.machine import Machine


@pytest.fixture
def next_version(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package under a higher version."""
    directory = tmp_path_factory.mktemp("next")
    subprocess.run(["dpkg-deb", "--raw-extract", package, directory / "tree"], check=True)
    control = directory / "tree" / "DEBIAN" / "control"
    lines = control.read_text().splitlines()
    version = next(line for line in lines if line.startswith("Version: "))
    control.write_text("\n".join([f"{version}+next" if line == version else line for line in lines] + [""]))
    made = directory / "next.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--build", directory / "tree", made], check=True, capture_output=True)
    return made


def test_it_has_all_that_its_documents_link_to(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    root = tmp_path / "usr/share/doc/householdd"
    documents = list(root.rglob("*.md"))
    links = {
        (document.parent / link).resolve()
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    }
    # Changelogs are compressed in Debian.
    missing = {link for link in links if not link.exists() and not link.with_name(f"{link.name}.gz").exists()}
    assert {str(link.relative_to(root)) for link in missing} == set()
    assert root / "docs/monitoring/householdd.rules.yml" in links


def test_nothing_in_it_gives_rights(package: Path) -> None:
    listed = subprocess.run(["dpkg-deb", "--contents", package], check=True, capture_output=True, text=True).stdout
    # Mode, owner/group, size, date, time, path; links have any mode.
    entries = [line.split(maxsplit=5) for line in listed.splitlines() if not line.startswith("l")]
    assert len(entries) > 1000
    assert {owner for _, owner, *_ in entries} == {"root/root"}
    # No setuid, setgid or sticky bit, and nothing that others than root may write.
    assert {mode for mode, *_ in entries} == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"}
    programs = {path for mode, *_, path in entries if mode == "-rwxr-xr-x"}
    assert programs == {"./usr/bin/householdd", "./usr/bin/householdctl"}


# Five installations.
@pytest.mark.timeout(300)
def test_a_life(bare_machine: Machine, package: Path, next_version: Path) -> None:
    machine = bare_machine
    said = install(machine, package)
    assert "set cert and key in /etc/householdd/householdd.toml, then: systemctl start householdd" in said
    assert ("this kernel keeps the congestion control cubic for root" in said) == (not CUBIC_IS_ALLOWED)
    # The machine was told to leave documentation out.
    changed = machine.run("dpkg", "--verify", "householdd").stdout.splitlines()
    assert [line for line in changed if "/usr/share/doc/" not in line] == []
    assert machine.show("UnitFileState") == "enabled"
    assert machine.show("ActiveState") == "inactive"
    assert machine.show("UnitFileState", "householdd.socket") == "disabled"
    assert machine.run("householdd", "--version").stdout.startswith("householdd ")
    assert "sessions" in machine.run("bash", "-c", COMPLETION).stdout
    for page in ("man1/householdctl.1.gz", "man5/householdd.toml.5.gz", "man8/householdd.8.gz"):
        assert machine.path(f"/usr/share/man/{page}").exists(), page

    configure(machine, "# the administrator's own\n")
    machine.systemctl("start", "householdd")
    assert machine.ctl("check", "leaks", machine.ws_url, "--duration", "1").returncode == 0
    before = machine.pid()

    install(machine, next_version)
    assert machine.answers()
    assert machine.pid() not in {0, before}
    assert "the administrator's own" in machine.path("/etc/householdd/householdd.toml").read_text()

    machine.write(f"{OWN_DROP_IN}/own.conf", "[Service]\nMemoryMax=75%\n")
    machine.run("dpkg", "--remove", "householdd")
    assert not machine.answers()
    assert machine.processes_of("householdd") == []
    assert not machine.path("/run/householdd/control.sock").exists()
    assert not machine.path("/usr/lib/householdd").exists()
    assert "the administrator's own" in machine.path("/etc/householdd/householdd.toml").read_text()

    # A daemon that was removed and comes back with its configuration is not started, which is said.
    assert "it is not running; type: systemctl start householdd" in install(machine, package)
    assert machine.show("ActiveState") == "inactive"
    machine.systemctl("start", "householdd")
    assert machine.answers()

    machine.run("dpkg", "--purge", "householdd")
    assert not machine.path("/var/lib/householdd").exists()
    assert not machine.path("/etc/householdd/householdd.toml").exists()
    # What the administrator put there stays.
    assert machine.path("/etc/householdd/tls.key").exists()
    left = machine.run("find", "/etc/systemd", "/var/lib/systemd/deb-systemd-helper-enabled", "-name", "*householdd*")
    assert left.stdout == f"{OWN_DROP_IN}\n"
    # Installed once more it is as at first.
    install(machine, package)
    assert machine.show("UnitFileState") == "enabled"


OWN_DROP_IN = "/etc/systemd/system/householdd.service.d"

OLD_UNIT = """
[Socket]
Service=householdd.service
FileDescriptorName=control
ListenStream=/run/householdd/control.sock
SocketGroup=householdctl
RemoveOnStop=yes
[Install]
WantedBy=sockets.target
"""
"""The control socket up to 0.1.0: enabled, and open while the service was stopped."""


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_an_upgrade_closes_a_control_socket_that_starts_the_service(
    bare_machine: Machine, package: Path, next_version: Path, running: bool
) -> None:
    machine, unit = bare_machine, "householdd-control.socket"
    install(machine, package)
    configure(machine)
    machine.write(f"/usr/lib/systemd/system/{unit}", OLD_UNIT)
    machine.systemctl("daemon-reload")
    machine.run("env", "DPKG_MAINTSCRIPT_PACKAGE=householdd", "deb-systemd-helper", "enable", unit)
    machine.systemctl("start", "householdd" if running else unit)
    assert machine.show("ActiveState", unit) == "active"

    said = install(machine, next_version)
    assert ("it is not running" in said) == (not running)
    for name in (unit, "householdd.service"):
        assert machine.show("ActiveState", name) == ("active" if running else "inactive"), name
    left = machine.run("find", "/etc/systemd", "/var/lib/systemd/deb-systemd-helper-enabled", "-name", f"{unit}*")
    assert left.stdout == ""
    machine.systemctl("stop", "householdd")
    assert machine.ctl("health", check=False).returncode != 0
    assert machine.show("ActiveState") == "inactive"


COMPLETION = """
source /usr/share/bash-completion/completions/householdctl
COMP_WORDS=(householdctl sess)
COMP_CWORD=1
_householdctl_completion householdctl
echo "${COMPREPLY[@]}"
"""
