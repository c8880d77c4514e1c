"""The file of the emergency stop, as a daemon that is not there left it or found it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "emergency-stop"
"""Name of the file in the directory of the control socket, where the configuration names no other."""

_MAX_LINE_BYTES = 800


def find_emergency(socket_path: Path) -> tuple[Path, str] | None:
    """Return the file beside a control socket and the reason in it; None where there is no such file.

    The reason is empty where the file cannot be read. A link is not followed, nor a pipe waited for.
    """
    path = socket_path.parent / FILE_NAME
    try:
        path.lstat()
    except OSError:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return path, ""
    try:
        content = os.read(descriptor, _MAX_LINE_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)
    return path, content.partition(b"\n")[0].decode(errors="replace").strip()
