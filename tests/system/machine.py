"""A machine with a real systemd as its first process, in namespaces of this one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import trustme

from tests.daemon import wait_until
from tests.lab.netns import inside
from tests.system.root import NoMachineError

BOOT = Path(__file__).parent / "boot"

Done = subprocess.CompletedProcess[str]


def _cgroup2() -> Path:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise NoMachineError("no cgroup2 is mounted")


class Machine:
    """A booted machine, whose changes to ``root`` are gone with it. Its network is a loopback interface."""

    def __init__(self, root: Path, box: Path) -> None:
        """``box`` is an empty directory; boot's own messages go to a file beside it."""
        self._cgroup = _cgroup2() / f"householdd-test-{os.getpid()}-{id(self):x}"
        self._cgroup.mkdir()
        self._console = box.with_suffix(".console")
        enter = f'echo $$ >{self._cgroup}/cgroup.procs; exec "$@"'
        namespaces = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child")
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                ["bash", "-c", enter, "bash", "unshare", *namespaces, str(BOOT), str(root), str(box)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self._authority = trustme.CA()
        self._init = 0
        self.port = 8443
        """Where `ws_url` and `get` find the daemon."""
        wait_until(self._boots, "the machine's first process")
        wait_until(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in READY, "its boot")

    def _boots(self) -> bool:
        if self._process.poll() is not None:
            raise NoMachineError(f"it did not boot: {self._console.read_text()[-500:]}")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            return False
        self._init = int(children[0])
        return Path(f"/proc/{self._init}/comm").read_text().strip() == "systemd"

    def power_off(self) -> None:
        """Ends every process of the machine."""
        with contextlib.suppress(ProcessLookupError):
            # With its first process the kernel kills all others of the namespace.
            os.kill(self._init, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        events = self._cgroup / "cgroup.events"
        wait_until(lambda: "populated 0" in events.read_text(), "the end of the machine's processes")
        for directory, _, _ in os.walk(self._cgroup, topdown=False):
            Path(directory).rmdir()

    def path(self, path: str) -> Path:
        """A file of the machine, for this process."""
        return Path(f"/proc/{self._init}/root") / path.lstrip("/")

    def network(self) -> AbstractContextManager[None]:
        """Sockets that this thread opens in the block are in the machine."""
        return inside(Path(f"/proc/{self._init}/ns/net"))

    def command(self, *command: str, user: str = "root") -> list[str]:
        """The command line that runs a command in the machine."""
        as_user = () if user == "root" else ("runuser", "-u", user, "--")
        return ["nsenter", f"--target={self._init}", "-m", "-p", "-u", "-i", "-n", "-C", "--", *as_user, *command]

    def run(self, *command: str, user: str = "root", check: bool = True, timeout: float = 60) -> Done:
        """Runs a command in the machine. Fails where it does, unless told not to ``check``."""
        done = subprocess.run(
            self.command(*command, user=user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def systemctl(self, *arguments: str, check: bool = True) -> Done:
        """Runs systemctl; a failure comes with the journal."""
        done = self.run("systemctl", *arguments, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"systemctl {' '.join(arguments)}: {done.stderr}\n{self.journal_text()}")
        return done

    def show(self, property_name: str, unit: str = "householdd.service") -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", property_name, unit).stdout.strip()

    def journal_text(self, unit: str = "householdd.service") -> str:
        """What a unit wrote, and systemd about it."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The daemon's log lines, or those of one event."""
        lines = (json.loads(line) for line in self.journal_text().splitlines() if line.startswith("{"))
        return [line for line in lines if name in {None, line["event"]}]

    def ctl(self, *arguments: str, user: str = "root", check: bool = True) -> Done:
        """Runs householdctl."""
        return self.run("householdctl", *arguments, user=user, check=check)

    def server(self) -> dict[str, Any]:
        """What `householdctl health` knows."""
        health: dict[str, Any] = json.loads(self.ctl("-o", "json", "health", check=False).stdout)
        return health

    def write(self, path: str, text: str | bytes, mode: int = 0o644, group: str = "root") -> None:
        """Writes a file of the machine; directories are made."""
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        file.chmod(mode)
        self.run("chgrp", group, path)

    def issue_certificate(self, name: str = "speed.example") -> None:
        """Puts a new certificate and key where the configuration of these tests looks for them, key first."""
        issued = self._authority.issue_cert(name, "127.0.0.1")
        self.write("/etc/householdd/tls.key", issued.private_key_pem.bytes(), 0o640, "householdd")
        self.write("/etc/householdd/tls.crt", b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the machine's certificates and no other."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    @property
    def ws_url(self) -> str:
        """What a user id is appended to."""
        return f"wss://127.0.0.1:{self.port}/ws/virtual-household/"

    def get(self, path: str = "/", timeout: float = 20) -> str:
        """A page of the daemon. Raises URLError."""
        with self.network():
            url = f"https://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(url, context=self.tls, timeout=timeout) as answer:
                text: str = answer.read().decode()
                return text

    def answers(self) -> bool:
        """Whether the page comes."""
        try:
            return "<html" in self.get(timeout=5)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def pid(self) -> int:
        """The supervisor's process id in the machine; 0 while there is none."""
        return int(self.show("MainPID"))

    def processes_of(self, user: str) -> list[str]:
        """Commands that run as a user."""
        return [(process / "cmdline").read_text().replace("\0", " ") for process in self.proc_of(user)]

    def proc_of(self, user: str) -> list[Path]:
        """Folders in /proc of what runs as a user."""
        uid = int(self.run("id", "-u", user).stdout)
        return [process for process in self.path("/proc").glob("[0-9]*") if process.stat().st_uid == uid]

    def kill(self, number: int, pid: int) -> None:
        """Sends a signal to a process of the machine."""
        self.run("sh", "-c", f"kill -{number} {pid}")


READY = ("running", "degraded")
"""What `systemctl is-system-running` says once the boot is over; a console that is missing is no matter here."""


@contextlib.contextmanager
def booted(root: Path, box: Path) -> Iterator[Machine]:
    """A machine for the length of a block. Raises NoMachineError."""
    machine = Machine(root, box)
    try:
        yield machine
    finally:
        machine.power_off()
