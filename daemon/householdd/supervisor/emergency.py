"""The emergency stop without the control API: by a signal, and by a file."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from household.v1 import server_service_pb2 as pb
from householdd.api.audit import Audit
from householdd.api.callers import Caller
from householdd.api.errors import MAX_REASON_LENGTH
from householdd.api.interceptor import Call
from householdd.supervisor.errors import DaemonError

log = structlog.get_logger("supervisor")

METHOD = "household.v1.ServerService/ShutdownServer"
"""Method that the audit names."""

_LONGEST_LINE = 4 * MAX_REASON_LENGTH
"""Bytes of the first line that are read; UTF-8 has up to four for a character."""


class InEmergencyError(DaemonError):
    """The file of the emergency stop exists."""

    status = 3


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

    def refuse(self) -> None:
        """Raise InEmergencyError while the file exists, and DaemonError if that cannot be checked."""
        try:
            order = self.order()
        except OSError as error:
            raise DaemonError(f"emergency_file {self.path}: {error.strerror}") from None
        if order is not None:
            raise InEmergencyError(f"emergency stop: {order.reason}; to start again, remove {self.path}")

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


class Emergency:
    """Stops the daemon as ShutdownServer does, at most once, and records the caller in the audit."""

    def __init__(
        self,
        file: EmergencyFile,
        audit: Audit,
        shut_down: Callable[[pb.ShutdownServerRequest], Awaitable[pb.ShutdownServerResponse]],
    ) -> None:
        self._file = file
        self._audit = audit
        self._shut_down = shut_down
        self._stopping: asyncio.Task[None] | None = None
        """Only set after the first order."""
        self._problem = ""
        """Why the last check for the file failed; empty if it did not."""

    def signalled(self) -> None:
        """Handle SIGUSR2, whose sender the event loop does not tell."""
        self._begin(Caller("unknown", "signal SIGUSR2"), "by signal")

    def look(self) -> None:
        """Check for the file; call this regularly."""
        try:
            order = self._file.order()
        except OSError as error:
            if self._problem != (problem := str(error)):
                self._problem = problem
                log.error("cannot check emergency_file", problem=problem)
            return
        self._problem = ""
        if order is not None:
            # No other names: looking them up could wait for a directory service.
            actor = "root" if order.owner == 0 else str(order.owner)
            self._begin(Caller(actor, f"file {self._file.path}", order.owner), order.reason)

    async def done(self) -> None:
        """Wait until a stop that has begun is over and in the audit."""
        if self._stopping is not None:
            await asyncio.wait({self._stopping})

    def _begin(self, caller: Caller, reason: str) -> None:
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(caller, reason))

    async def _stop(self, caller: Caller, reason: str) -> None:
        call = Call(request=pb.ShutdownServerRequest(reason=reason))
        with self._audit.record(METHOD, caller, call, change=True):
            call.response = await self._shut_down(call.request)
