"""Fetches in a thread, so that a slow daemon does not delay keys."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from householdctl.control.multi_target import gather
from householdctl.daemon.health import Health, get_health
from householdctl.exit_codes import CommandError
from householdctl.output.serialize import Tagged
from householdctl.values.enums import short_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from household.v1.session_service_pb2 import ListSessionsResponse
    from householdctl.control.client import Client
    from householdctl.control.options import Options


@dataclass(frozen=True)
class TopSnapshot:
    """State of all daemons at one time."""

    several: bool = False
    sessions: list[Tagged] = field(default_factory=list)
    daemons: list[tuple[str, Health]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    at: float = 0.0
    """By ``time.time()``."""


@dataclass(frozen=True)
class KillRequest:
    """``name`` is that of the sessions in messages."""

    target: str
    name: str
    session_ids: tuple[str, ...]
    reason: str


class TopFeed:
    """Fetches a snapshot each interval and carries out kills; a context manager."""

    def __init__(self, options: Options, query: str, interval: float, changed: Callable[[], None]) -> None:
        """``changed`` is called from another thread after each update."""
        self._clients = {target.name: options.connect(target) for target in options.targets}
        self._query = query
        self._interval = interval
        self._changed = changed
        self._orders: queue.Queue[KillRequest | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._closed = threading.Event()
        self.snapshot = TopSnapshot()
        self.message = ""

    def __enter__(self) -> Self:
        """Take the first snapshot, then start the thread. Raise CommandError if no daemon answers."""
        self._fetch()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed.set()
        for client in self._clients.values():
            client.close()
        self._orders.put(None)
        self._thread.join()

    def kill(self, order: KillRequest) -> None:
        """Kill sessions; ``message`` then has the outcome."""
        self._orders.put(order)

    def _fetch(self) -> None:
        answers = gather(list(self._clients.values()), self._get)
        self.snapshot = TopSnapshot(
            several=answers.several,
            sessions=[Tagged(target, session) for target, (_, listing) in answers for session in listing.sessions],
            daemons=[(target, health) for target, (health, _) in answers],
            failures=[f"{target.name}: {error.message}" for target, error in answers.failures],
            at=time.time(),
        )

    def _get(self, client: Client) -> tuple[Health, ListSessionsResponse]:
        return get_health(client), client.list_sessions(self._query)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                order = self._orders.get(timeout=self._interval)
            except queue.Empty:
                order = None
            try:
                if order is not None:
                    self.message = self._carry_out(order)
                self._fetch()
            except CommandError as error:
                # The last snapshot stays on the screen, with its age.
                self.snapshot = replace(self.snapshot, failures=[error.message])
            except ValueError:
                # gRPC raises this on a closed channel.
                if self._closed.is_set():
                    return
                raise
            self._changed()

    def _carry_out(self, order: KillRequest) -> str:
        from household.v1.session_service_pb2 import KillOutcome, KillSessionsRequest

        try:
            request = KillSessionsRequest(reason=order.reason)
            results = self._clients[order.target].kill_sessions(request, order.session_ids).results
        except CommandError as error:
            return f"{order.name}: {error.message}"
        counts = Counter(short_name(KillOutcome, result.outcome).lower().replace("_", " ") for result in results)
        if len(order.session_ids) == 1:
            return f"{order.name}: {', '.join(counts)}"
        return f"{order.name}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}"
