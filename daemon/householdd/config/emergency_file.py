"""The file whose presence stops all traffic; supervisor and workers look for it, each for itself."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from householdd.api.errors import MAX_REASON_LENGTH

_LONGEST_LINE = 4 * MAX_REASON_LENGTH
"""Bytes of the first line that are read; UTF-8 has up to four for a character."""


@dataclass(frozen=True)
class EmergencyOrder:
    """An order to stop, from the file."""

    reason: str
    owner: int
    """User id."""


class EmergencyFile:
    """The emergency-stop file. Anyone who can create it can stop the daemon."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def order(self) -> EmergencyOrder | None:
        """Return the order, or None without a file. Raise OSError if that cannot be checked.

        Any kind of entry counts; the reason is read only from a regular, readable file. A link is not followed: it
        could lead to text that clients must not be told.
        """
        try:
            owner = self.path.lstat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            return None
        return EmergencyOrder(self._reason() or "the file of the emergency stop is there", owner)

    def _reason(self) -> str:
        """Return the printable part of the first line."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return ""
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return ""
            line = os.read(fd, _LONGEST_LINE).partition(b"\n")[0].decode(errors="replace")
        except OSError:
            return ""
        finally:
            os.close(fd)
        return "".join(filter(str.isprintable, line)).strip()[:MAX_REASON_LENGTH].strip()
