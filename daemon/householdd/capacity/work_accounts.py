"""Accounts of the time that a worker spends on what clients send, and each client's share of it.

The shares bind while the worker is busy. Before that, an account may use half of the worker's time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable
from typing import Generic, NamedTuple, TypeVar

from householdd.clients.client_key import ClientKey
from householdd.shared.sketch import Cells
from householdd.shared.work import WORK_WINDOW_S, SharedWork


class Shares(NamedTuple):
    """Bounds of an account's share of one worker's time."""

    least: float
    most: float

    def of(self, sessions: int) -> float:
        return min(max(SESSION_SHARE * sessions, self.least), self.most)


SESSION_SHARE = 0.004
"""Share of one worker's time that each session may use of its account, as the mean of ``WORK_WINDOW_S``.

docs/security.md has what sessions of the page cost: less than two thirds of it on average.
"""

CUSTOMER_SHARES = Shares(0.1, 0.4)
"""Bounds of a customer's share at all workers together."""

NETWORK_SHARES = Shares(0.25, 0.5)
"""The same for an IPv4 /24 or IPv6 /48."""

SPARE_SHARE = 0.5
"""Share of any account while the others do not bind: no one fills a worker before it counts as busy."""

BURST_S = 0.25
"""Time whose share may be used at once, in seconds: everybody else waits for that. It is the time between two updates,
so that a client that is held back still gets all of its share."""

TURN_WORK_S = 0.003
"""Work that is expected of a session that is read again, in seconds: a turn full of frames."""

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

    __slots__ = ("part", "period", "updates")

    def __init__(self, now: float) -> None:
        self.updates = 0
        self.set(now)

    def set(self, now: float) -> None:
        self.updates += 1
        periods = now / WORK_WINDOW_S
        self.period = int(periods)
        self.part = periods - self.period
        """Part of the period that has passed."""


class SessionWork(Generic[H]):
    """Work of one session, in a window that slides as that of the shared memory."""

    __slots__ = ("_age", "_before", "_latest", "_period", "_spent", "_updates", "accounts", "restrained_by", "session")

    def __init__(self, session: H, accounts: tuple[Account[H], ...], age: Age) -> None:
        self.session = session
        self.restrained_by: Account[H] | None = None
        """The account whose share was used up; the session is not read. None while it is read."""
        self.accounts = accounts
        self._age = age
        self._period, self._updates = age.period, age.updates
        self._spent = self._before = 0.0
        """Seconds in the period, and in the one before it."""
        self._latest = 0.0
        """Seconds since the latest update."""

    def charge(self, seconds: float) -> None:
        """Add work."""
        if self._updates != self._age.updates:
            self._turn_over()
        self._spent += seconds
        self._latest += seconds
        for account in self.accounts:
            account.spent += seconds
            account.left -= seconds
            if account.left < 0:
                account.exhausted(self)

    @property
    def cost(self) -> float:
        """Work within ``WORK_WINDOW_S``, in seconds."""
        if self._updates != self._age.updates:
            self._turn_over()
        return self._spent + self._before * (1 - self._age.part)

    @property
    def latest(self) -> float:
        """Work since the latest update, in seconds."""
        return self._latest if self._updates == self._age.updates else 0.0

    def _turn_over(self) -> None:
        self._updates, self._latest = self._age.updates, 0.0
        if self._period != self._age.period:
            self._before = self._spent if self._age.period == self._period + 1 else 0.0
            self._period, self._spent = self._age.period, 0.0


class Account(Generic[H]):
    """Work of the sessions of a customer or a network."""

    __slots__ = (
        "_costly_s",
        "_hold",
        "cells",
        "key",
        "left",
        "over_s",
        "pressed",
        "room",
        "sessions",
        "share",
        "shares",
        "spent",
    )

    def __init__(
        self, key: bytes, cells: Cells, shares: Shares, hold: Callable[[SessionWork[H], Account[H]], None]
    ) -> None:
        self.key = key
        self.cells = cells
        self.shares = shares
        self.share = shares.least
        self.sessions: set[SessionWork[H]] = set()
        self.spent = 0.0
        """Seconds that are not in the shared memory."""
        self.left = math.inf
        """Seconds that may be used until the next update; infinite while the costly sessions are restrained."""
        self.pressed = False
        """Whether they were used up."""
        self.room = 0.0
        """What was left at the update, less what is expected of the sessions that are read again from then on."""
        self.over_s = 0.0
        """Time over the share, less time below it, in seconds."""
        self._costly_s = 0.0
        """Work since the update from which a session is restrained once the account is pressed, in seconds."""
        self._hold = hold

    def exhausted(self, by: SessionWork[H]) -> None:
        """Restrain the costly sessions, and each further one once it is costly too."""
        if self.pressed:
            if by.latest >= self._costly_s:
                self._hold(by, self)
            return
        self.pressed = True
        latest = {each: each.latest for each in self.sessions if each.latest}
        self._costly_s = _costly_from(latest.values())
        for work, seconds in latest.items():
            if seconds >= self._costly_s:
                self._hold(work, self)

    def costliest(self) -> list[SessionWork[H]]:
        """Return the sessions that cost much compared with the others."""
        costs = {each: each.cost for each in self.sessions}
        least = _costly_from(costs.values())
        return [work for work, cost in costs.items() if cost >= least > 0]


def _costly_from(costs: Collection[float]) -> float:
    return COSTLY_PART * sum(costs) / max(len(costs), 1)


class WorkAccounts(Generic[H]):
    """The accounts of a worker's sessions ``H``; the work of customers and networks is that at all workers."""

    def __init__(
        self,
        shared: SharedWork,
        sessions_of: Callable[[bytes], int],
        restrain: Callable[[H], None],
        release: Callable[[H], None],
        now: float,
    ) -> None:
        """``sessions_of`` returns the sessions of a key at all workers.

        ``restrain`` is called for a session that is to be read no more, and ``release`` once it is to be again.
        """
        self._shared = shared
        self._sessions_of = sessions_of
        self._restrain = restrain
        self._release = release
        self._accounts: dict[bytes, Account[H]] = {}
        self._sessions: dict[H, SessionWork[H]] = {}
        self._watched: set[Account[H]] = set()
        """Accounts that may be over their share, or were lately."""
        self._restrained: dict[SessionWork[H], None] = {}
        """In the order in which they were."""
        self._spare_share = SPARE_SHARE
        self._binding = False
        self._now = now
        self._age = Age(now)

    def unbound(self) -> None:
        """Let everybody use all of the worker while it is not busy; call before the first session enters."""
        self._spare_share = math.inf

    def enter(self, session: H, client: ClientKey) -> Callable[[float], None]:
        """Add a session; return what its work is charged by, in seconds."""
        accounts = (
            self._account(client.address_key, CUSTOMER_SHARES),
            self._account(client.network_key, NETWORK_SHARES),
        )
        work = self._sessions[session] = SessionWork(session, accounts, self._age)
        for account in accounts:
            account.sessions.add(work)
            self._renew_share(account)
        return work.charge

    def leave(self, session: H) -> None:
        """Remove a session, if it is there."""
        work = self._sessions.pop(session, None)
        if work is None:
            return
        self._restrained.pop(work, None)
        for account in work.accounts:
            account.sessions.discard(work)
            if not account.sessions:
                del self._accounts[account.key]
                self._watched.discard(account)

    def handshake(self, host: str, now: float) -> None:
        """Charge a connection that has begun its handshake; apart from sessions, which are not slowed for it."""
        self._shared.add(self._shared.cells(_handshakes_key(ClientKey(host, "").address_key)), HANDSHAKE_WORK_S, now)

    def refuses(self, host: str, now: float) -> bool:
        """Return whether a new connection is refused: its customer is over a share that binds."""
        if not self._binding:
            return False
        key = ClientKey(host, "").address_key
        shares = {key: CUSTOMER_SHARES.of(self._sessions_of(key)), _handshakes_key(key): CUSTOMER_SHARES.least}
        return any(self._shared.used(self._shared.cells(each), now) > shares[each] * WORK_WINDOW_S for each in shares)

    def update(self, now: float, *, busy: bool) -> list[H]:
        """Settle the accounts, once a control pass; return the sessions that are to be closed for flooding.

        ``busy`` is whether the shares bind.
        """
        # A longer time without an update is no evidence of a flood: the worker stood still.
        elapsed = min(now - self._now, MAX_STEP_S)
        self._now, self._binding = now, busy
        self._age.set(now)
        for account in self._accounts.values():
            account.left = account.room = self._at_once(account)
            if account.spent >= MIN_WORK_S:
                account.spent = self._shared.add(account.cells, account.spent, now)
                self._watched.add(account)
        flooding: dict[H, None] = {}
        for account in list(self._watched):
            self._settle(account, now, elapsed)
            if account.over_s >= FLOODING_S:
                account.over_s = 0.0
                flooding.update(dict.fromkeys(each.session for each in account.costliest()))
        self._release_some()
        return list(flooding)

    def costliest(self) -> list[H]:
        """Return the costly sessions of those that have lately been over their share, costliest first."""
        costly = {work for account in self._watched if account.over_s for work in account.costliest()}
        return [each.session for each in sorted(costly, key=lambda each: each.cost, reverse=True)]

    def _account(self, key: bytes, shares: Shares) -> Account[H]:
        found = self._accounts.get(key)
        if found is None:
            found = self._accounts[key] = Account(key, self._shared.cells(key), shares, self._hold)
            found.left = self._at_once(found)
        return found

    def _settle(self, account: Account[H], now: float, elapsed: float) -> None:
        self._renew_share(account)
        window = account.share * WORK_WINDOW_S
        left = window - self._shared.used(account.cells, now) if self._binding else math.inf
        over = left <= 0
        if not self._binding:
            account.over_s = 0.0
        elif over or account.pressed or any(each.restrained_by is account for each in account.sessions):
            account.over_s += elapsed
        else:
            account.over_s = max(account.over_s - elapsed, 0.0)
        account.pressed = False
        account.left = min(self._at_once(account), left)
        if over:
            for work in account.costliest():
                self._hold(work, account)
            # Those that cost little are read on.
            account.left = math.inf
        elif not account.over_s and account.spent < MIN_WORK_S and left > window / 2:
            self._watched.discard(account)
        account.room = 0.0 if over else account.left

    def _release_some(self) -> None:
        """Release those that have waited longest, as far as there is room: all would come with what waited."""
        for work in list(self._restrained):
            if all(account.room > 0 for account in work.accounts):
                for account in work.accounts:
                    account.room -= TURN_WORK_S
                del self._restrained[work]
                work.restrained_by = None
                self._release(work.session)

    def _at_once(self, account: Account[H]) -> float:
        return (account.share if self._binding else self._spare_share) * BURST_S

    def _renew_share(self, account: Account[H]) -> None:
        account.share = account.shares.of(self._sessions_of(account.key))

    def _hold(self, work: SessionWork[H], account: Account[H]) -> None:
        if work.restrained_by is None:
            work.restrained_by = account
            self._restrained[work] = None
            self._restrain(work.session)


def _handshakes_key(address_key: bytes) -> bytes:
    return b"h" + address_key
