"""Creates the directories of the daemon, and refuses those that other users can change."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from householdd.supervisor.errors import DaemonError


def make(path: Path, mode: int, key: str) -> None:
    """Create ``path`` with ``mode`` and its parents if missing. Raise DaemonError that names ``key``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        check(path, key)
        if path.stat().st_uid == os.geteuid():
            path.chmod(mode)
    except FileExistsError:
        raise DaemonError(f"{key} {path}: not a directory") from None
    except OSError as error:
        raise DaemonError(f"{key} {error.filename or path}: {error.strerror}") from None


def check(path: Path, key: str, *, any_owner: bool = False) -> None:
    """Raise DaemonError if another user could change ``path``; it may be missing.

    ``path``, and a symbolic link to it, must belong to root or to this user, unless ``any_owner``.
    """
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise DaemonError(f"{key} {path}: {error.strerror}") from None
    if not stat.S_ISDIR(mode):
        raise DaemonError(f"{key} {path}: not a directory")
    allowed = {0, os.geteuid()}
    if not any_owner and (foreign := owners - allowed):
        raise DaemonError(
            f"{key} {path}: belongs to {_name(foreign.pop())}, who could replace its files; "
            f"run as that user, or give it to {_name(os.geteuid())}"
        )
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DaemonError(
            f"{key} {path}: mode {stat.S_IMODE(mode):04o} lets other users replace its files; type: chmod go-w {path}"
        )


def _name(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
