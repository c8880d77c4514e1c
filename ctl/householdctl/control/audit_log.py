"""Audit entries, from the journal or a file."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from householdctl.exit_codes import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNIT = "householdd"

STANDARD_INPUT = Path("-")

FIELDS = (
    *("timestamp", "event", "actor", "uid", "via", "method", "reason", "request_id"),
    *("request", "answer", "outcome", "ms", "suppressed"),
)
"""See docs/control.md; not every entry has all of them."""


@dataclass(frozen=True)
class AuditSelection:
    """Selection of entries."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    actor: str | None = None
    """Name or user id."""
    limit: int | None = None
    """Number of the latest entries."""

    def holds(self, entry: dict[str, Any]) -> bool:
        """Return whether an entry is selected, apart from the limit."""
        at = time_of(entry)
        if at is None or (self.since and at < self.since) or (self.until and at > self.until):
            return False
        return self.actor is None or self.actor in (entry.get("actor"), str(entry.get("uid")))


def read(source: Path | None, selection: AuditSelection) -> list[dict[str, Any]]:
    """Return the entries, oldest first, by default of the journal. Raise CommandError."""
    opened = _journal(selection.since) if source is None else _file(source)
    with opened as lines:
        found = filter(selection.holds, _entries(lines))
        return list(deque(found, selection.limit))


def time_of(entry: dict[str, Any]) -> dt.datetime | None:
    """Return None without a valid time."""
    try:
        at = dt.datetime.fromisoformat(str(entry.get("timestamp")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _entries(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        # Log collectors may prepend a time and a host.
        _, brace, rest = line.partition(b"{")
        if not brace or b'"audit"' not in rest:
            continue
        try:
            entry = json.loads(brace + rest)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("logger") == "audit":
            yield entry


@contextmanager
def _file(path: Path) -> Iterator[Iterable[bytes]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{path}: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _journal(since: dt.datetime | None) -> Iterator[Iterable[bytes]]:
    begin = () if since is None else (f"--since=@{since.timestamp():.0f}",)
    command = ("journalctl", f"--unit={UNIT}", "--output=cat", "--no-pager", *begin)
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)  # noqa: S603 - a fixed command
    except OSError as error:
        raise CommandError(
            ExitCode.FAILURE,
            f"cannot read the journal: journalctl: {error.strerror}",
            "read the daemon's log from a file: householdctl audit --file FILE",
        ) from None
    with process:
        if process.stdout is None or process.stderr is None:
            raise AssertionError("started with pipes")
        yield process.stdout
        problem = process.stderr.read().decode(errors="replace").strip()
        if process.wait() or problem:
            raise CommandError(
                ExitCode.FAILURE,
                f"cannot read the journal: {problem or f'journalctl ended with status {process.returncode}'}",
                "members of the group systemd-journal may read it; or: householdctl audit --file FILE",
            )
