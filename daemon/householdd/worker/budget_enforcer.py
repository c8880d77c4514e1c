"""Limits the sessions of a worker to their shares of the budgets, once a control pass."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache

from householdd.capacity.budgets import Budgets, customer_key
from householdd.clients.addresses import customer
from householdd.session.session import Session
from householdd.shared.demand import Row, SharedDemand, size
from householdd.worker.session_manager import SessionManager

_NONE = Budgets(math.inf, math.inf, math.inf, math.inf)
"""Budgets of an overloaded worker that has none."""

UNWATCHED_S = 0.1
"""Fraction of a customer's budget up to which its sessions, over all workers, are not limited to shares."""


class BudgetEnforcer:
    """Publishes the demand of this worker's sessions to the other workers, and limits the sessions to their shares."""

    def __init__(self, manager: SessionManager, demand: SharedDemand | None = None) -> None:
        """``demand`` is shared with the other workers; without it this worker is the only one."""
        self._manager = manager
        self._demand = demand or SharedDemand(memoryview(bytearray(size(1))), 0)
        self._held: set[Session] = set()
        """Sessions that may be limited below their demand."""
        self._moved: dict[Session, tuple[int, int]] = {}
        """Bytes sent and received by each session at the last pass, while only customers have a budget."""
        self._looked_at: float | None = None
        """Time of that pass."""

    def run(self, now: float, bulk_bps: float = math.inf) -> None:
        """Share the budgets; ``bulk_bps`` limits each direction of a session whose profile is bulk."""
        budgets = Budgets.of(self._manager.admission.limits)
        if budgets is None and bulk_bps < math.inf:
            budgets = _NONE
        sessions = self._concerned(budgets, bulk_bps, now)
        for session in self._held.difference(sessions):
            session.hold(math.inf, math.inf, now)
        if budgets is None or not sessions:
            if self._held:
                self._demand.write([], now)
            self._held = set()
            return
        self._held = set(sessions)
        wanted = [(session, _row(session, now)) for session in sessions]
        self._demand.write((row for _, row in wanted), now)
        demands = list(self._demand.read(now))
        download = budgets.share((key, down) for key, down, _ in demands if down)
        upload = budgets.share((key, up) for key, _, up in demands if up)
        for session, (key, down, up) in wanted:
            most = bulk_bps if session.profile.bulk else math.inf
            session.hold(
                min(download(key, down) if down else budgets.session, most),
                min(upload(key, up) if up else budgets.session, most),
                now,
            )

    def _concerned(self, budgets: Budgets | None, bulk_bps: float, now: float) -> list[Session]:
        """Return the sessions to limit to shares."""
        sessions = [driver.session for driver in self._manager.live.values()]
        if budgets is not None and budgets.of_customers_only and bulk_bps == math.inf:
            return self._of_busy_customers(sessions, budgets.customer, now)
        self._moved, self._looked_at = {}, None
        return [] if budgets is None else sessions

    def _of_busy_customers(self, sessions: list[Session], budget_bps: float, now: float) -> list[Session]:
        """Return the sessions of customers that use a fair part of their budget.

        Computing the shares of all would take a third of a worker's time with 5,000 sessions.
        """
        before, since = self._moved, self._looked_at
        self._moved = {session: (session.sums.sent, session.sums.received) for session in sessions}
        self._looked_at = now
        if since is None:
            # Known at the next pass.
            return []
        moved = defaultdict[int, int](int)
        for session, (sent, received) in self._moved.items():
            sent_before, received_before = before.get(session, (0, 0))
            moved[_key(session.identity.peer_host)] += max(sent - sent_before, received - received_before)
        most = budget_bps / 8 * UNWATCHED_S / self._demand.workers * (now - since)
        busy = {customer for customer, count in moved.items() if count > most}
        if not busy:
            return []
        return [session for session in sessions if _key(session.identity.peer_host) in busy]


def _row(session: Session, now: float) -> Row:
    return _key(session.identity.peer_host), *session.demands(now)


@lru_cache(maxsize=65_536)
def _key(host: str) -> int:
    """Return the key of the customer at an address."""
    return customer_key(customer(host))
