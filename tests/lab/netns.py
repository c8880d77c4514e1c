"""Network namespaces by name, as `ip netns` keeps them."""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNET = 0x40000000
"""From <linux/sched.h>; Python has os.setns from 3.12 on."""

_numbers = itertools.count()

_libc = ctypes.CDLL(None, use_errno=True)


class LabUnavailableError(RuntimeError):
    """This machine cannot make the namespaces; the message says what is missing."""


def check_available() -> None:
    """Raises LabUnavailableError where namespaces or their tools are missing."""
    missing = [tool for tool in ("ip", "tc", "ss") if shutil.which(tool) is None]
    if missing:
        raise LabUnavailableError(f"iproute2 is needed: no {', '.join(missing)}")
    if os.geteuid() != 0:
        raise LabUnavailableError("root is needed to make network namespaces")


def run(*command: str) -> str:
    """Runs a command of iproute2; its output. Raises LabUnavailableError with what the command said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabUnavailableError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Namespace:
    """One network namespace, which may exist already."""

    name: str

    @classmethod
    def make(cls, name: str) -> Namespace:
        """Makes it, with its loopback up. Raises LabUnavailableError where that cannot be done."""
        run("ip", "netns", "add", name)
        made = cls(name)
        made.ip("link", "set", "lo", "up")
        return made

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command line begins with to run in here; it is executed in place, so its process id is the child's."""
        return ("ip", "netns", "exec", self.name)

    def ip(self, *arguments: str) -> str:
        """Runs `ip` in here."""
        return run("ip", "-n", self.name, *arguments)

    def tc(self, *arguments: str) -> str:
        """Runs `tc` in here."""
        return run("tc", "-n", self.name, *arguments)

    def entered(self) -> AbstractContextManager[None]:
        """See :func:`inside`."""
        return inside(Path(f"/run/netns/{self.name}"))

    def delete(self) -> None:
        """Removes the namespace; what is in it goes with its last process and socket."""
        run("ip", "netns", "del", self.name)


@contextmanager
def namespaces(*roles: str) -> Iterator[list[Namespace]]:
    """A namespace for each role for the length of a block. Raises LabUnavailableError where they cannot be made."""
    check_available()
    name = f"household-{os.getpid()}-{next(_numbers)}"
    with ExitStack() as stack:
        made = []
        for role in roles:
            made.append(Namespace.make(f"{name}-{role}"))
            stack.callback(made[-1].delete)
        yield made


@contextmanager
def inside(namespace: Path) -> Iterator[None]:
    """Sockets and files under /proc/sys/net that this thread opens in the block belong to ``namespace`` for good.

    Start no threads in the block: they would stay in there, and keep the namespace alive.
    """
    with Path("/proc/thread-self/ns/net").open() as own, namespace.open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
