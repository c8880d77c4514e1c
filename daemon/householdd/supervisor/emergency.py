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
"""What is done, as the audit names it."""

_LONGEST_LINE = 4 * MAX_REASON_LENGTH
"""Bytes of the first line that are looked at; UTF-8 has up to four for a character."""


class InEmergencyError(DaemonError):
    """The file of the emergency stop is there."""

    status = 3


@dataclass(frozen=True)
class EmergencyOrder:
    """What the file says."""

    reason: str
    owner: int
    """User id."""


class EmergencyFile:
    """A file that is there in an emergency; whoever may make it where it is to be may stop the daemon."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def order(self) -> EmergencyOrder | None:
        """None where the file is not there. Raises OSError where that cannot be seen.

        It is there whatever it is; what is no file that can be read has no words of its own. A link is not followed: it
        could lead to what clients must not be told.
        """
        try:
            owner = self.path.lstat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            return None
        return EmergencyOrder(self._reason() or "the file of the emergency stop is there", owner)

    def refuse(self) -> None:
        """Raises InEmergencyError while the file is there, and DaemonError where that cannot be seen."""
        try:
            order = self.order()
        except OSError as error:
            raise DaemonError(f"emergency_file {self.path}: {error.strerror}") from None
        if order is not None:
            raise InEmergencyError(f"emergency stop: {order.reason}; to start again, remove {self.path}")

    def _reason(self) -> str:
        """The first line, as far as it can be shown."""
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
    """Stops the daemon as ShutdownServer does, at most once, and has it audited who wanted it."""

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
        """Set once, by the first order."""
        self._problem = ""
        """Why it could not be seen last whether the file is there."""

    def signalled(self) -> None:
        """SIGUSR2 came. The event loop does not say from whom."""
        self._begin(Caller("unknown", "signal SIGUSR2"), "by signal")

    def look(self) -> None:
        """Looks for the file; to be called now and then."""
        try:
            order = self._file.order()
        except OSError as error:
            if self._problem != (problem := str(error)):
                self._problem = problem
                log.error("emergency_file cannot be looked for", problem=problem)
            return
        self._problem = ""
        if order is not None:
            # No other names: a directory service that has to be asked would be waited for.
            actor = "root" if order.owner == 0 else str(order.owner)
            self._begin(Caller(actor, f"file {self._file.path}", order.owner), order.reason)

    async def done(self) -> None:
        """Waits until a stop that was begun is over and audited."""
        if self._stopping is not None:
            await asyncio.wait({self._stopping})

    def _begin(self, caller: Caller, reason: str) -> None:
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(caller, reason))

    async def _stop(self, caller: Caller, reason: str) -> None:
        call = Call(request=pb.ShutdownServerRequest(reason=reason))
        with self._audit.record(METHOD, caller, call, change=True):
            call.response = await self._shut_down(call.request)
