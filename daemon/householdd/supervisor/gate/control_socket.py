"""The public socket of the control API: its mode and its group say which users may connect."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from householdd.config.access import AccessError, AccessSettings
from householdd.supervisor.errors import DaemonError, UnusableSettingError


@contextlib.contextmanager
def control_socket(access: AccessSettings, path: Path, adopted: socket.socket | None) -> Iterator[socket.socket]:
    """Listen at ``path``, with the mode and group of the configuration. Raise DaemonError.

    A socket of systemd has its group from the unit, and its mode too unless that is configured.
    """
    mode = int(access.socket_mode, 8)
    if adopted is not None:
        if "socket_mode" in access.model_fields_set:
            set_mode(path, mode)
        yield adopted
        return
    try:
        gid = access.socket_gid()
    except AccessError as error:
        raise DaemonError(str(error)) from None
    with listen(path, mode, gid) as sock:
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)


def listen(path: Path, mode: int, gid: int | None) -> socket.socket:
    """Bind a unix socket that other users cannot open before it has its mode and group. Raise DaemonError.

    The caller holds the lock of the runtime directory, so a socket that exists is stale.
    """
    check_group(gid)
    sock = socket.socket(socket.AF_UNIX)
    step = str(path)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        if gid is not None:
            step = "access.socket_group"
            os.chown(path, -1, gid)
            step = str(path)
        path.chmod(mode)
    except OSError as error:
        sock.close()
        raise DaemonError(f"{step}: {error.strerror}") from None
    return sock


def check_group(gid: int | None) -> None:
    """Raise DaemonError when this process may not give a file to the group ``gid``."""
    if gid is None or os.geteuid() == 0 or gid in {os.getegid(), *os.getgroups()}:
        return
    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(gid).gr_name
    except KeyError:
        user, group = str(os.geteuid()), str(gid)
    raise DaemonError(
        f"access.socket_group {group}: {user} is not in that group; type: sudo adduser {user} {group}, and restart"
    )


def set_mode(path: Path, mode: int) -> None:
    """Set the mode of the control socket that systemd made. Raise DaemonError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
    except OSError as error:
        raise UnusableSettingError(
            f"access.socket_mode: {path}: {error.strerror}, since systemd made it for another user; leave socket_mode "
            f"out and type: {_edit_unit(f'SocketMode={mode:04o}')}"
        ) from None


def refuse_group(group: str | int) -> NoReturn:
    """Raise DaemonError: systemd made the control socket, and the daemon may not change the group of files."""
    raise UnusableSettingError(
        "access.socket_group: systemd makes the control socket and gives it its group; leave socket_group out and "
        f"type: {_edit_unit(f'SocketGroup={group}')}"
    )


def _edit_unit(line: str) -> str:
    return (
        f"sudo systemctl edit householdd-control.socket, with the lines [Socket] and {line}, and then: "
        "sudo systemctl restart householdd"
    )
