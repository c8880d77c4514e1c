"""The emergency stop without the control API: by a signal, and by a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from household.v1 import server_service_pb2 as pb
from householdd.api.audit import Audit
from householdd.api.callers import Caller
from householdd.api.interceptor import Call
from householdd.config.emergency_file import EmergencyFile
from householdd.supervisor.errors import DaemonError

log = structlog.get_logger("supervisor")

METHOD = "household.v1.ServerService/ShutdownServer"
"""Method that the audit names."""


class InEmergencyError(DaemonError):
    """The file of the emergency stop exists."""

    status = 3


def refuse(file: EmergencyFile) -> None:
    """Raise InEmergencyError while the file exists, and DaemonError if that cannot be checked."""
    try:
        order = file.order()
    except OSError as error:
        raise DaemonError(f"emergency_file {file.path}: {error.strerror}") from None
    if order is not None:
        raise InEmergencyError(f"emergency stop: {order.reason}; to start again, remove {file.path}")


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

    def stopped_by_itself(self, worker: str, reason: str) -> None:
        """Stop the other workers too; the supervisor did not see the order that ``worker`` has followed."""
        self._begin(Caller("unknown", f"worker {worker}"), reason)

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
