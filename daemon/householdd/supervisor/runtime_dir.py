"""The runtime directory: paths of the sockets in it, and the lock that keeps a second daemon out."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from householdd.supervisor import directories
from householdd.supervisor.errors import DaemonError

MAX_SOCKET_PATH_BYTES = 107
"""Bytes of a unix socket's path on Linux, unix(7)."""


@dataclass(frozen=True)
class RuntimeDir:
    """Absolute paths below ``runtime_dir`` of the configuration."""

    path: Path

    @property
    def private(self) -> Path:
        """Directory that only the daemon's own user may enter."""
        return self.path.absolute() / "private"

    @property
    def control_socket(self) -> Path:
        """Public socket of the control API, unless systemd made one."""
        return self.path.absolute() / "control.sock"

    @property
    def daemon_socket(self) -> Path:
        """GRPC's own socket of the control API, behind the gate."""
        return self.private / "daemon.sock"

    @property
    def recorder_socket(self) -> Path:
        """Socket on which workers report sessions and runs; the gate does not forward to it."""
        return self.private / "recorder.sock"

    @property
    def emergency_mark(self) -> Path:
        """File that exists after an emergency stop."""
        return self.private / "emergency"

    def worker_socket(self, index: int) -> Path:
        """Return the control socket of a worker."""
        return self.private / f"worker-{index}.sock"

    def claim(self) -> IO[str]:
        """Make the directory and lock it for as long as the result is open.

        Raise DaemonError when another daemon has the lock, or the directory cannot be made.
        """
        self.check_length()
        lock = self.path / "private" / "lock"
        directories.make(self.path, 0o755, "runtime_dir")
        directories.make(lock.parent, 0o700, "runtime_dir")
        try:
            return _locked(lock)
        except BlockingIOError:
            message = f"in use by another householdd (pid {_read(lock) or 'unknown'})"
            raise DaemonError(f"runtime_dir {self.path}: {message}") from None
        except OSError as error:
            raise DaemonError(f"runtime_dir {lock}: {error.strerror}") from None

    def check_length(self) -> None:
        """Raise DaemonError when the paths of the sockets would be too long for the kernel."""
        if len(os.fsencode(self.worker_socket(255))) > MAX_SOCKET_PATH_BYTES:
            raise DaemonError(
                f"runtime_dir {self.path}: too long for the sockets in it ({MAX_SOCKET_PATH_BYTES} bytes in all)"
            )


def _locked(path: Path) -> IO[str]:
    """Open and lock a file, and write our process id into it. Raise BlockingIOError while another process has it."""
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(path.open("a+"))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        stack.pop_all()
        return lock


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
