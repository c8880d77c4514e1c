"""What top shows, fetched beside the screen so that a slow daemon never holds up a key."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from householdctl.exits import CommandError
from householdctl.health import Health, get_health
from householdctl.output import short_name
from householdctl.records import Tagged
from householdctl.several import ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from household.v1.session_service_pb2 import ListSessionsResponse
    from householdctl.client import Client
    from householdctl.options import Options


@dataclass(frozen=True)
class Snapshot:
    """All daemons at one moment."""

    several: bool = False
    sessions: list[Tagged] = field(default_factory=list)
    daemons: list[tuple[str, Health]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    at: float = 0.0
    """By ``time.time()``."""


@dataclass(frozen=True)
class Kill:
    """A session to end, and why."""

    target: str
    session_id: str
    reason: str


class Feed:
    """Fetches a snapshot each interval, and carries out kills in between."""

    def __init__(self, options: Options, query: str, interval: float, changed: Callable[[], None]) -> None:
        """``changed`` is called, from another thread, when there is something new."""
        self._options = options
        self._query = query
        self._interval = interval
        self._changed = changed
        self._orders: queue.Queue[Kill | None] = queue.Queue()
        self.snapshot = Snapshot()
        self.message = ""

    def fetch(self) -> None:
        """Takes a snapshot. Raises CommandError when no daemon answers."""
        answers = ask(self._options, self._get)
        self.snapshot = Snapshot(
            several=answers.several,
            sessions=[Tagged(target, session) for target, (_, listing) in answers for session in listing.sessions],
            daemons=[(target, health) for target, (health, _) in answers],
            failures=[f"{target.name}: {error.message}" for target, error in answers.failures],
            at=time.time(),
        )

    def start(self) -> None:
        """Goes on fetching until the process ends."""
        threading.Thread(target=self._run, daemon=True).start()

    def kill(self, order: Kill) -> None:
        """Has a session ended; the message then says what became of it."""
        self._orders.put(order)

    def _get(self, client: Client) -> tuple[Health, ListSessionsResponse]:
        return get_health(client), client.list_sessions(self._query)

    def _run(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=self._interval)
            except queue.Empty:
                order = None
            try:
                if order is not None:
                    self.message = self._carry_out(order)
                self.fetch()
            except CommandError as error:
                # What was seen last stays on the screen, with its age.
                self.snapshot = Snapshot(
                    self.snapshot.several,
                    self.snapshot.sessions,
                    self.snapshot.daemons,
                    [error.message],
                    self.snapshot.at,
                )
            self._changed()

    def _carry_out(self, order: Kill) -> str:
        from household.v1.session_service_pb2 import KillOutcome, KillSessionsRequest

        target = next(each for each in self._options.targets if each.name == order.target)
        try:
            with self._options.connect(target) as client:
                (result,) = client.kill_sessions(KillSessionsRequest(reason=order.reason), [order.session_id]).results
        except CommandError as error:
            return f"{order.session_id}: {error.message}"
        return f"{order.session_id}: {short_name(KillOutcome, result.outcome).lower().replace('_', ' ')}"
