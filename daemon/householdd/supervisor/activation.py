"""Listening sockets that systemd opened and passed to this process, sd_listen_fds(3)."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

FIRST_DESCRIPTOR = 3
"""First descriptor that systemd passes, SD_LISTEN_FDS_START."""

LISTEN, CONTROL, REDIRECT = "listen", "control", "redirect"
"""Allowed values of FileDescriptorName= in a socket unit."""

ENABLED = tuple(
    Path(f"/{above}/systemd/system/householdd.service.requires/householdd.socket") for above in ("etc", "run")
)
"""Links of which one exists while householdd.socket is enabled."""

CONTROL_UNITS = tuple(
    Path(above, "householdd-control.socket")
    for above in (
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
    )
)
"""Places for the unit of the control socket, by precedence."""

CONTROL_SOCKET = Path("/run/householdd/control.sock")
"""Path of the socket that this unit makes."""

_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class ActivationError(Exception):
    """A socket that cannot be used; the message says which, and what is expected."""


@dataclass(frozen=True)
class Adopted:
    """Sockets of systemd; None where householdd opens its own."""

    listen: socket.socket | None = None
    """TCP, for clients."""
    control: socket.socket | None = None
    """Unix socket, for the control API."""
    redirect: socket.socket | None = None
    """TCP, for clients that are sent to HTTPS."""

    def close(self) -> None:
        """Close our descriptors; systemd keeps its own."""
        for sock in (self.listen, self.control, self.redirect):
            if sock is not None:
                sock.close()


def is_expected(environ: Mapping[str, str]) -> bool:
    """Return whether systemd opens the port for the daemon of the unit.

    MAINPID is set for the commands of a reload, which opens no port.
    """
    return "MAINPID" in environ or any(path.is_symlink() for path in ENABLED)


def makes_control_socket(runtime_dir: Path) -> bool:
    """Return whether systemd makes the control socket of a daemon that uses ``runtime_dir``."""
    # A masked unit is a link to /dev/null.
    unit = next((path for path in CONTROL_UNITS if path.exists()), None)
    return unit is not None and unit.is_file() and runtime_dir / CONTROL_SOCKET.name == CONTROL_SOCKET


def adopt(environ: MutableMapping[str, str]) -> Adopted:
    """Return the sockets that systemd passed to this process, if any. Raise ActivationError.

    The variables are removed, so that no child process takes the sockets for its own.
    """
    pid, count, names = (environ.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return Adopted()
    passed: dict[str, socket.socket] = {}
    try:
        for number, name in enumerate(names.split(":")[: int(count)], FIRST_DESCRIPTOR):
            _check_name(name, passed)
            passed[name] = _socket(number, name)
    except ActivationError:
        Adopted(**passed).close()
        raise
    return Adopted(**passed)


def _check_name(name: str, passed: dict[str, socket.socket]) -> None:
    if name not in {LISTEN, CONTROL, REDIRECT}:
        raise ActivationError(
            f"a socket named {name!r} was passed; FileDescriptorName is {LISTEN}, {CONTROL} or {REDIRECT}"
        )
    if name in passed:
        raise ActivationError(
            f"several sockets named {name} were passed; one is taken, and ListenStream=443 is IPv6 and IPv4"
        )


def _socket(number: int, name: str) -> socket.socket:
    try:
        mode = os.fstat(number).st_mode
    except OSError as error:
        raise ActivationError(f"{name}: descriptor {number}: {error.strerror}") from None
    if not stat.S_ISSOCK(mode):
        raise ActivationError(f"{name}: descriptor {number} is not a socket")
    sock = socket.socket(fileno=number)
    sock.set_inheritable(inheritable=False)
    families = {socket.AF_UNIX} if name == CONTROL else {socket.AF_INET, socket.AF_INET6}
    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if not (sock.family in families and sock.type == socket.SOCK_STREAM and listening):
        sock.close()
        wanted = "a unix" if name == CONTROL else "a TCP"
        raise ActivationError(f"{name}: {wanted} socket that listens is required, by ListenStream= with Accept=no")
    return sock
