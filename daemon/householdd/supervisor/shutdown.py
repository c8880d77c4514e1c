"""The end of the daemon: by a signal, by an emergency stop, or by a defect."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from household.v1 import server_service_pb2
from householdd.settings.definitions import Timeouts
from householdd.supervisor.errors import DaemonError
from householdd.supervisor.services.server_service import DaemonState, DrainState, FanOutServerService
from householdd.supervisor.systemd import notify
from householdd.supervisor.worker_calls import WorkerHandle, ask_all

log = structlog.get_logger("supervisor")

POLL_INTERVAL_S = 0.25
"""Seconds between two counts of the sessions that are left in a drain."""

EXTENSION_USEC = 15_000_000
"""Microseconds that systemd waits after each request for more time; longer than the stop after a drain takes."""


class Shutdown:
    """Whether the daemon is to end, and how."""

    def __init__(self, emergency_mark: Path) -> None:
        """``emergency_mark`` is a file that exists after an emergency stop.

        The unit then closes its sockets, whose next client would start the daemon again.
        """
        self.wanted = asyncio.Event()
        """Set once: the daemon drains and stops."""
        self.failed = False
        """Set once, by a defect that leaves the daemon unable to do its work."""
        self._now = asyncio.Event()
        """Set once: the daemon stops without waiting for sessions."""
        self._emergency_mark = emergency_mark

    def begin(self) -> None:
        """Remove the mark of an earlier emergency stop. Raise DaemonError."""
        try:
            self._emergency_mark.unlink(missing_ok=True)
        except OSError as error:
            raise DaemonError(f"runtime_dir {self._emergency_mark}: {error.strerror}") from None

    def signalled(self) -> None:
        """Handle a signal to stop; the second one does not wait for sessions."""
        if self.wanted.is_set():
            self._now.set()
            log.warning("stopping now")
        else:
            self.wanted.set()
            log.info("stopping; a second signal ends the remaining sessions at once")

    def at_once(self) -> None:
        """Stop without waiting for sessions."""
        self._now.set()
        self.wanted.set()

    def fail(self) -> None:
        """Stop because of a defect."""
        self.failed = True
        self.at_once()

    def in_emergency(self) -> None:
        """Stop after an emergency stop has ended all traffic."""
        self.at_once()
        self.mark()

    def mark(self) -> None:
        """Have the unit close its sockets, so that no client starts the daemon again."""
        try:
            self._emergency_mark.touch()
        except OSError as error:
            log.error("could not write emergency marker", problem=str(error))

    async def wind_down(
        self, server: FanOutServerService, state: DaemonState, workers: Sequence[WorkerHandle], timeouts: Timeouts
    ) -> None:
        """Wait for sessions to end, until the drain deadline or a second signal."""
        state.ending = True
        if not self._now.is_set():
            await server.drain(DrainState("the daemon is stopping", time.time() + timeouts.drain))
            notify("STOPPING=1")
            deadline = time.monotonic() + timeouts.drain + timeouts.close
            while time.monotonic() < deadline and (left := await _sessions_left(workers)):
                # In small steps, so that systemd does not wait for a drain that hangs.
                notify(f"EXTEND_TIMEOUT_USEC={EXTENSION_USEC}\nSTATUS=draining: {left} sessions left")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._now.wait(), POLL_INTERVAL_S)
                    break
        # An emergency stop may have ended the sessions.
        await server.answered()
        notify("STOPPING=1")
        state.stopping = True


async def _sessions_left(workers: Sequence[WorkerHandle]) -> int:
    request = server_service_pb2.GetServerRequest()
    answers = await ask_all(
        workers,
        lambda worker, timeout: worker.server.GetServer(request, timeout=timeout),
        deadline=1.0,
        every_error=True,
    )
    missing = {each.worker for each in answers.missing}
    # A worker that does not answer counts with its last known sessions.
    silent: list[int] = [each.latest.sessions for each in workers if each.name in missing and each.pid and each.latest]
    told: list[int] = [answer.server.sessions for answer in answers.messages()]
    return sum(told) + sum(silent)
