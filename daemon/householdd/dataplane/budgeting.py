"""Holds the sessions of a worker to their shares of the budgets, once a control pass."""

from __future__ import annotations

import math
from functools import lru_cache

from householdd.core.addresses import customer
from householdd.core.budgets import Budgets, customer_key
from householdd.core.ledger import Ledger, Row, size
from householdd.core.session import Session
from householdd.dataplane.registry import Registry

_NONE = Budgets(math.inf, math.inf, math.inf, math.inf)
"""For an overloaded worker without a budget."""


class Budgeting:
    """Tells the other workers what the sessions here want, and gives these what the budgets leave them."""

    def __init__(self, registry: Registry, ledger: Ledger | None = None) -> None:
        """``ledger`` is shared with the other workers; without, this worker is the only one."""
        self._registry = registry
        self._ledger = ledger or Ledger(memoryview(bytearray(size(1))), 0)
        self._holding = False
        """Whether sessions may be held below what they want."""

    def run(self, now: float, bulk_bps: float = math.inf) -> None:
        """Shares anew; ``bulk_bps`` is the most for a direction of a session whose profile is bulk."""
        budgets = Budgets.of(self._registry.admission.limits)
        if budgets is None and bulk_bps < math.inf:
            budgets = _NONE
        sessions = [runner.session for runner in self._registry.live.values()]
        if budgets is None:
            if self._holding:
                self._ledger.write([], now)
                for session in sessions:
                    session.hold(math.inf, math.inf, now)
            self._holding = False
            return
        self._holding = True
        wanted = [(session, _row(session, now)) for session in sessions]
        self._ledger.write((row for _, row in wanted), now)
        everybody = list(self._ledger.read(now))
        download = budgets.share((key, down) for key, down, _ in everybody if down)
        upload = budgets.share((key, up) for key, _, up in everybody if up)
        for session, (key, down, up) in wanted:
            most = bulk_bps if session.profile.bulk else math.inf
            session.hold(
                min(download(key, down) if down else budgets.session, most),
                min(upload(key, up) if up else budgets.session, most),
                now,
            )


def _row(session: Session, now: float) -> Row:
    return _key(session.identity.peer_host), *session.demands(now)


@lru_cache(maxsize=65_536)
def _key(host: str) -> int:
    """Of the customer at an address."""
    return customer_key(customer(host))
