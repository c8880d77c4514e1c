"""The end of a worker's traffic without the supervisor's help."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from householdd.config.emergency_file import EmergencyFile
from householdd.session.close_reason import CloseReason
from householdd.shared.heartbeats import Heartbeat, Standstill
from householdd.worker.session_manager import SessionManager

log = structlog.get_logger("self_stop")

FAREWELL_S = 0.2
"""Seconds that clients have to receive the last messages of an emergency stop."""

REFUSAL_AFTER_S = 10.0
"""Seconds without the supervisor's heartbeat after which new sessions are refused."""

END_AFTER_S = 60.0
"""Seconds without the supervisor's heartbeat after which all sessions are closed."""


class EmergencyStop:
    """The end of all traffic of this worker, at most once. Its process goes on until the supervisor ends it."""

    def __init__(self, manager: SessionManager, exit_process: Callable[[], None]) -> None:
        self.reason: str | None = None
        """None before the stop."""
        self._manager = manager
        self._exit_process = exit_process
        self._closed = 0
        self._aborted = False

    def order(self, reason: str) -> int:
        """Close all sessions, and refuse new ones from now on; return how many sessions the stop closed."""
        if self.reason is None:
            self.reason = reason
            self._manager.admission.emergency = True
            self._closed = self._manager.close(CloseReason.EMERGENCY, reason)
            self._manager.clock.call_later(FAREWELL_S, self._abort)
        return self._closed

    async def finish(self) -> None:
        """Wait for the last messages, reset the remaining connections, and end the process."""
        await asyncio.sleep(FAREWELL_S)
        self._abort()
        self._exit_process()

    def look(self) -> None:
        """Reset sessions that opened after the stop, whose handshake was under way; once in a control pass."""
        if self._aborted and self._manager.live:
            self._manager.abort_all()

    def _abort(self) -> None:
        self._aborted = True
        self._manager.abort_all()


class SelfStop:
    """Stops the worker by signal, by the emergency file, and when the supervisor stands still."""

    def __init__(
        self, manager: SessionManager, stop: EmergencyStop, file: EmergencyFile, supervisor: Heartbeat
    ) -> None:
        self._manager = manager
        self._stop = stop
        self._file = file
        self._standstill = Standstill(supervisor, manager.clock.now())

    def signalled(self) -> None:
        """Handle SIGUSR2."""
        self._order("by signal")

    def look(self) -> None:
        """Check the file and the supervisor's heartbeat; once in a control pass."""
        self._stop.look()
        # The supervisor logs a file that cannot be checked.
        with contextlib.suppress(OSError):
            if (order := self._file.order()) is not None:
                self._order(order.reason)
        self._check_supervisor(self._standstill.observe(self._manager.clock.now()))

    def _order(self, reason: str) -> None:
        if self._stop.reason is None:
            closed = self._stop.order(reason)
            log.warning("emergency stop of this worker", reason=reason, sessions=closed)

    def _check_supervisor(self, stood: float) -> None:
        unsupervised = stood >= REFUSAL_AFTER_S
        if unsupervised != self._manager.admission.unsupervised:
            self._manager.admission.unsupervised = unsupervised
            if unsupervised:
                log.error("supervisor stands still; new sessions are refused", sessions=len(self._manager.live))
            else:
                log.warning("supervisor runs again; new sessions are accepted")
        if stood >= END_AFTER_S and (closed := self._manager.close(CloseReason.UNSUPERVISED)):
            log.error("supervisor stands still; sessions closed", sessions=closed)
