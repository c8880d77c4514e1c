"""Accounts of the time that a worker spends on what clients send, and each client's share of it.

A share binds only while the worker is busy: before that, nobody is slowed by whoever sends much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from householdd.clients.client_key import ClientKey
from householdd.shared.sketch import Cells
from householdd.shared.work import WORK_WINDOW_S, SharedWork

CUSTOMER_SHARE = 0.1
"""Share of one worker's time that a customer may use, as the mean of ``WORK_WINDOW_S`` at all workers together.

docs/security.md compares it with what honest households cost.
"""

NETWORK_SHARE = 0.25
"""The same for an IPv4 /24 or IPv6 /48."""

COSTLY_PART = 0.5
"""Part of the mean cost of an account's sessions from which a session is restrained. Those far below the mean, such as
honest neighbours behind the same address, are read on."""

FLOODING_S = 10.0
"""Time over the share after which the costly sessions are closed, in seconds; time below it counts against that."""

HANDSHAKE_WORK_S = 0.001
"""Work of a connection until its request, in seconds: TLS is done out of reach of a clock."""

MAX_STEP_S = 1.0
"""Longest time between two updates that counts as time over the share, in seconds."""

MIN_WORK_S = 0.005
"""Work of an account that is written into the shared memory, in seconds; less waits for more."""

H = TypeVar("H", bound=Hashable)


class Age:
    """Time of the latest update, common to the sessions of a worker."""

    __slots__ = ("part", "period")

    def __init__(self, now: float) -> None:
        self.set(now)

    def set(self, now: float) -> None:
        periods = now / WORK_WINDOW_S
        self.period = int(periods)
        self.part = periods - self.period
        """Part of the period that has passed."""


class SessionWork(Generic[H]):
    """Work of one session, in a window that slides as that of the shared memory."""

    __slots__ = ("_accounts", "_age", "_before", "_period", "_spent", "restrained", "session")

    def __init__(self, session: H, accounts: tuple[Account[H], ...], age: Age) -> None:
        self.session = session
        self.restrained = False
        """Whether the session is not read."""
        self._accounts = accounts
        self._age = age
        self._period = age.period
        self._spent = self._before = 0.0
        """Seconds in the period, and in the one before it."""

    def charge(self, seconds: float) -> None:
        """Add work."""
        if self._period != self._age.period:
            self._turn_over()
        self._spent += seconds
        for account in self._accounts:
            account.spent += seconds
            account.left -= seconds
            if account.left < 0:
                account.exhausted()

    @property
    def cost(self) -> float:
        """Work within ``WORK_WINDOW_S``, in seconds."""
        if self._period != self._age.period:
            self._turn_over()
        return self._spent + self._before * (1 - self._age.part)

    def _turn_over(self) -> None:
        self._before = self._spent if self._age.period == self._period + 1 else 0.0
        self._period, self._spent = self._age.period, 0.0


class Account(Generic[H]):
    """Work of the sessions of a customer or a network."""

    __slots__ = ("_on_exhausted", "cells", "left", "over_s", "pressed", "sessions", "share", "spent")

    def __init__(self, cells: Cells, share: float, on_exhausted: Callable[[Account[H]], None]) -> None:
        self.cells = cells
        self.share = share
        self.sessions: set[SessionWork[H]] = set()
        self.spent = 0.0
        """Seconds that are not in the shared memory."""
        self.left = math.inf
        """Seconds until the share is used up; infinite while it does not bind."""
        self.pressed = False
        """Whether the share was used up since the last update."""
        self.over_s = 0.0
        """Time over the share, less time below it, in seconds."""
        self._on_exhausted = on_exhausted

    def exhausted(self) -> None:
        self.pressed, self.left = True, math.inf
        self._on_exhausted(self)


class WorkAccounts(Generic[H]):
    """The accounts of a worker's sessions ``H``; the work of customers and networks is that at all workers."""

    def __init__(
        self, shared: SharedWork, restrain: Callable[[H], None], release: Callable[[H], None], now: float
    ) -> None:
        """``restrain`` is called for a session that is to be read no more, and ``release`` once it is to be again."""
        self._shared = shared
        self._restrain = restrain
        self._release = release
        self._accounts: dict[bytes, Account[H]] = {}
        self._sessions: dict[H, tuple[SessionWork[H], tuple[bytes, ...]]] = {}
        self._watched: set[Account[H]] = set()
        """Accounts that are over their share, or were lately."""
        self._restrained: set[SessionWork[H]] = set()
        self._binding = False
        self._now = now
        self._age = Age(now)

    def enter(self, session: H, client: ClientKey) -> Callable[[float], None]:
        """Add a session; return what its work is charged by, in seconds."""
        keys = client.address_key, client.network_key
        shares = CUSTOMER_SHARE, NETWORK_SHARE
        work = SessionWork(session, tuple(self._account(*each) for each in zip(keys, shares, strict=True)), self._age)
        for key in keys:
            self._accounts[key].sessions.add(work)
        self._sessions[session] = work, keys
        return work.charge

    def leave(self, session: H) -> None:
        """Remove a session, if it is there."""
        work, keys = self._sessions.pop(session, (None, ()))
        for key in keys:
            account = self._accounts[key]
            account.sessions.discard(work)
            if not account.sessions:
                del self._accounts[key]
                self._watched.discard(account)
        self._restrained.discard(work)

    def handshake(self, host: str, now: float) -> None:
        """Charge a connection that has begun its handshake; apart from sessions, which are not slowed for it."""
        self._shared.add(self._shared.cells(_handshakes_key(host)), HANDSHAKE_WORK_S, now)

    def refuses(self, host: str, now: float) -> bool:
        """Return whether a new connection is refused: its customer is over a share that binds."""
        if not self._binding:
            return False
        keys = ClientKey(host, "").address_key, _handshakes_key(host)
        return any(self._used(key, now) > CUSTOMER_SHARE * WORK_WINDOW_S for key in keys)

    def update(self, now: float, *, busy: bool) -> list[H]:
        """Settle the accounts, once a control pass; return the sessions that are to be closed for flooding.

        ``busy`` is whether the shares bind.
        """
        # A longer time without an update is no evidence of a flood: the worker stood still.
        elapsed = min(now - self._now, MAX_STEP_S)
        self._now, self._binding = now, busy
        self._age.set(now)
        for account in self._accounts.values():
            if account.spent >= MIN_WORK_S:
                account.spent = self._shared.add(account.cells, account.spent, now)
                if busy:
                    self._watched.add(account)
        restrained: set[SessionWork[H]] = set()
        flooding: list[H] = []
        for account in list(self._watched):
            account.left = account.share * WORK_WINDOW_S - self._shared.used(account.cells, now) if busy else math.inf
            over = account.left <= 0
            if over or account.pressed:
                account.over_s += elapsed
            else:
                account.over_s = max(account.over_s - elapsed, 0.0) if busy else 0.0
            account.pressed = False
            if over:
                account.left = math.inf
                restrained.update(self._costly(account))
            elif not account.over_s and account.spent < MIN_WORK_S and account.left > account.share * WORK_WINDOW_S / 2:
                account.left = math.inf
                self._watched.discard(account)
            if account.over_s >= FLOODING_S:
                account.over_s = 0.0
                flooding += [each.session for each in self._costly(account)]
        for work in self._restrained - restrained:
            work.restrained = False
            self._release(work.session)
        self._restrained &= restrained
        self._hold(restrained)
        return list(dict.fromkeys(flooding))

    def costliest(self) -> list[H]:
        """Return the restrained sessions, costliest first."""
        found = sorted(self._restrained, key=lambda each: each.cost, reverse=True)
        return [each.session for each in found]

    def _account(self, key: bytes, share: float) -> Account[H]:
        found = self._accounts.get(key)
        if found is None:
            found = self._accounts[key] = Account(self._shared.cells(key), share, self._exhausted)
        return found

    def _exhausted(self, account: Account[H]) -> None:
        self._watched.add(account)
        self._hold(self._costly(account))

    def _hold(self, works: Iterable[SessionWork[H]]) -> None:
        for work in works:
            if not work.restrained:
                work.restrained = True
                self._restrained.add(work)
                self._restrain(work.session)

    def _costly(self, account: Account[H]) -> list[SessionWork[H]]:
        costs = {each: each.cost for each in account.sessions}
        least = COSTLY_PART * sum(costs.values()) / max(len(costs), 1)
        return [each for each, cost in costs.items() if cost >= least > 0]

    def _used(self, key: bytes, now: float) -> float:
        return self._shared.used(self._shared.cells(key), now)


def _handshakes_key(host: str) -> bytes:
    return b"h" + ClientKey(host, "").address_key
