"""Which control socket to talk to, and why it does not answer."""

from __future__ import annotations

import errno
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_SOCKET = Path("/run/householdd/control.sock")
# `make run` keeps the daemon's run-time files here, below the directory it is started in.
CHECKOUT_SOCKET = Path(".run/control.sock")

_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.ECONNREFUSED: "connection refused: the socket is there, but nobody serves it",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTSOCK: "not a socket",
}


@dataclass(frozen=True)
class Target:
    """A control socket. ``searched`` holds the places looked at in vain when none was named."""

    path: Path
    searched: tuple[Path, ...] = ()

    @property
    def address(self) -> str:
        """The socket as a gRPC target."""
        return f"unix:{self.path.absolute()}"

    def failure(self) -> OSError | None:
        """What the system answers to an attempt to connect; None when the socket accepts."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1)
                probe.connect(str(self.path))
        except OSError as error:
            return error
        return None


def describe_failure(error: OSError) -> str:
    """Why a control socket cannot be reached, in a few words."""
    known = errno.ENOTSOCK if error.errno == errno.EPROTOTYPE else error.errno
    return _REASONS.get(known or 0) or error.strerror or str(error) or type(error).__name__


def named_target(text: str) -> Target:
    """The target of ``--target``: a path, or ``unix:`` and a path.

    Raises ValueError for anything else.
    """
    path = text.removeprefix("unix:")
    if path.startswith("//"):
        path = path.removeprefix("//")
    if not path:
        raise ValueError("an empty target; give the path of a control socket")
    if path == text and (re.fullmatch(r"[^/]+:\d+", text) or re.match(r"[a-z]+:/", text)):
        raise ValueError(
            f"{text!r} is not a control socket; give a path or unix:/path (targets over the network are not supported)"
        )
    return Target(Path(path))


def default_target(environ: Mapping[str, str]) -> Target:
    """The first control socket that exists: the system's, the user's, the one of ``make run`` in this directory."""
    candidates = [SYSTEM_SOCKET]
    if runtime_dir := environ.get("XDG_RUNTIME_DIR"):
        candidates.append(Path(runtime_dir) / "householdd" / "control.sock")
    candidates.append(CHECKOUT_SOCKET)
    for candidate in candidates:
        if _may_exist(candidate):
            return Target(candidate)
    return Target(SYSTEM_SOCKET, searched=tuple(candidates))


def _may_exist(path: Path) -> bool:
    try:
        os.stat(path)  # noqa: PTH116 - Path.exists hides or raises, by the version of Python
    except PermissionError:
        # Behind a closed directory: the connection then says who may not pass.
        return True
    except OSError:
        return False
    return True
