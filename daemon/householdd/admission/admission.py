"""Admission of sessions.

The first session of a run reserves places for the household, which are then exempt from limits and from a drain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from householdd.admission.blocks import Blocks
from householdd.admission.breakers import Breakers
from householdd.admission.reservations import HOUSEHOLD_SESSIONS, Reservations
from householdd.capacity.overload_controller import OverloadLevel
from householdd.clients.addresses import format_network
from householdd.clients.client_key import ClientKey
from householdd.session.close_reason import CloseReason, Fault
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters
from householdd.traffic.profiles import PROBE, WARM_UP

MIN_RETRY_S = 1
"""Shortest ``retry_after``, in seconds."""

FULL_RETRY_S = 10
"""``retry_after`` when full, in seconds; a run takes half a minute."""

RATE_RETRY_S = 2
"""``retry_after`` when a rate was exceeded, in seconds."""

OVERLOAD_RETRY_S = 30
"""``retry_after`` under overload, in seconds: the length of a run."""

MAX_DRAIN_RETRY_S = 300
"""Longest ``retry_after`` during a drain, and that of an emergency stop, in seconds."""

UNSUPERVISED_RETRY_S = 30
"""``retry_after`` while the supervisor stands still, in seconds; systemd replaces it after 20 s."""

FAIR_SHARE_DIVISOR = 4
"""Divisor of the free places that a network may hold once half of all are taken (dynamic thresholds, Choudhury and
Hahne, 1998).
"""

MAX_PERSON_SESSIONS, MAX_PROBE_SESSIONS = 2, 8
"""Live sessions of one profile in a run: twice a household's, because a client reconnects before its lost connection
is noticed.
"""

MAX_PARALLEL_SESSIONS = 14
"""Live parallel sessions of one profile in a run: twice the seven that join the Computer's first one."""

MAX_WARM_UP_SESSIONS = 4
"""Of a customer, by foreign pages of the earlier system."""

_MAX_SESSIONS_BY_PROFILE = {PROBE.key: MAX_PROBE_SESSIONS, WARM_UP: MAX_WARM_UP_SESSIONS}

_FAILED = {Fault.NONE: False, Fault.CLIENT: True, Fault.NETWORK: True}
"""Whether an end counts as a failure of the client, by its fault."""


class Cause(Enum):
    """Why a session was refused."""

    UNKNOWN_USER = "unknown_user"
    """Decided before admission, like ``ORIGIN``, ``TOKEN`` and ``PROXY_HEADER``."""
    BLOCKED = "blocked"
    DRAINING = "draining"
    FULL = "full"
    ADDRESS_FULL = "address_full"
    RATE = "rate"
    BREAKER = "breaker"
    NETWORK_FULL = "network_full"
    ADDRESS_RATE = "address_rate"
    REQUEST_RATE = "request_rate"
    ADDRESS_WORK = "address_work"
    RUN_FULL = "run_full"
    ORIGIN = "origin"
    UNFINISHED = "unfinished"
    ADDRESS_UNFINISHED = "address_unfinished"
    TOKEN = "token"  # noqa: S105 - a cause, no password
    PROXY_HEADER = "proxy_header"
    OVERLOADED = "overloaded"
    EMERGENCY = "emergency"
    UNSUPERVISED = "unsupervised"


@dataclass(frozen=True)
class Denial:
    """Refusal of a session."""

    cause: Cause
    message: str
    retry_after: int | None


class Admission:
    """Decides on each opening handshake, before the upgrade.

    Concurrent handshakes do not see each other, so together they may exceed a limit.
    """

    def __init__(self, counters: SharedCounters) -> None:
        self.blocks = Blocks()
        self.breakers = Breakers(counters)
        self.drain_deadline: float | None = None
        """Monotonic time at which remaining sessions are closed; None unless draining."""
        self.emergency = False
        """Set once, by an emergency stop of the worker."""
        self.unsupervised = False
        """Whether the supervisor stands still."""
        self.overload = OverloadLevel.NORMAL
        self._counters = counters
        self._reservations = Reservations(counters)
        self._limits = Limits()

    @property
    def limits(self) -> Limits:
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        if not self._households:
            self._reservations.release_all()

    @property
    def draining(self) -> bool:
        return self.drain_deadline is not None

    def denies(self, client: ClientKey, now: float) -> Denial | None:
        if (denial := self._closed() or self._blocked(client, now)) is not None:
            return denial
        if (denial := self._draining(now)) is not None and not self._continues(client, now):
            return denial
        if self.overload is OverloadLevel.STOP:
            return _overloaded()
        denial = self._foreign_page(client) or self._run_full(client)
        if denial is not None or client.parallel or self._reservations.expects(client):
            return denial
        if self.overload is not OverloadLevel.NORMAL:
            return _overloaded()
        return self._failing(client, now) or self._full(client) or self._too_fast(client, now)

    def denies_new_runs(self, now: float) -> Denial | None:
        if (denial := self._closed()) is not None:
            return denial
        if (denial := self._draining(now)) is not None:
            return denial
        if self.overload is not OverloadLevel.NORMAL:
            return _overloaded()
        return self._no_room(HOUSEHOLD_SESSIONS if self._households else 1)

    def admit(self, client: ClientKey, now: float) -> None:
        if client.parallel:
            self._counters.handshake_admitted(client.parallel_key, now)
            return
        self._counters.handshake_admitted(client.address_key, now)
        if self._reservations.expects(client):
            return
        self.breakers.admit(client.host, client.profile, now)
        if self._places_needed(client) > 1:
            self._reservations.make(client, now)

    def opened(self, client: ClientKey, now: float) -> None:
        if client.parallel:
            self._counters.change(client.keys, 1)
            return
        self._counters.opened(client.keys)
        self._reservations.changed(client, now)

    def ended(self, client: ClientKey, reason: CloseReason, now: float) -> list[str]:
        """Record the end of a session; return descriptions of the breakers that it opened."""
        if client.parallel:
            # The session that it joined stands for both.
            self._counters.change(client.keys, -1)
            return []
        self._counters.closed(client.keys)
        self._reservations.changed(client, now)
        failed = _FAILED.get(reason.fault)
        if failed is None:
            return []
        keys = self.breakers.ended(client.host, client.profile, now, self.limits, failed=failed)
        return [" ".join((format_network(key.customer), key.profile)).strip() for key in keys]

    def refuses_connections(self, host: str, now: float) -> bool:
        return self.breakers.refuses_connections(host, now)

    def handshake_ended(self, host: str, now: float, *, failed: bool) -> list[str]:
        """Record the end of a handshake, answered or not; return the customers whose breaker it opened."""
        keys = self.breakers.handshake_ended(host, now, self.limits, failed=failed)
        return [format_network(key.customer) for key in keys]

    def denies_request(self, host: str, now: float) -> Denial | None:
        """Decide on a request for a file of the page or for JSON, and count it if it may be answered."""
        key, limit = ClientKey(host, "").address_key, self.limits.requests_per_second_per_address
        if self._counters.requests_of(key, now) >= limit:
            message = f"Your address may make {limit:.15g} requests a second; try again in {RATE_RETRY_S} s."
            return Denial(Cause.REQUEST_RATE, message, RATE_RETRY_S)
        self._counters.request_admitted(key, now)
        return None

    def release_unused_places(self, now: float) -> None:
        """Call at each control pass."""
        self._reservations.release_unused(now)

    @property
    def _households(self) -> bool:
        limits = self._limits
        return (
            min(limits.max_sessions, limits.max_sessions_per_address, limits.max_sessions_per_network)
            >= HOUSEHOLD_SESSIONS
        )

    def _places_needed(self, client: ClientKey) -> int:
        return self._reservations.places_needed(client) if self._households else 1

    def _continues(self, client: ClientKey, now: float) -> bool:
        return self.drain_deadline is not None and now < self.drain_deadline and self._reservations.continues(client)

    def _closed(self) -> Denial | None:
        """Return why no client is admitted, accepted households included."""
        if self.emergency:
            return Denial(Cause.EMERGENCY, "Stopped by the operator; try again later.", MAX_DRAIN_RETRY_S)
        if self.unsupervised:
            message = f"The server is without its supervisor; try again in {UNSUPERVISED_RETRY_S} s."
            return Denial(Cause.UNSUPERVISED, message, UNSUPERVISED_RETRY_S)
        return None

    def _blocked(self, client: ClientKey, now: float) -> Denial | None:
        block = self.blocks.find(client.host, now)
        if block is None:
            return None
        left = _retry(block.expires_at - now)
        return Denial(Cause.BLOCKED, f"Blocked by the operator: {block.reason}. Try again in {left} s.", left)

    def _foreign_page(self, client: ClientKey) -> Denial | None:
        if not client.foreign or client.profile == WARM_UP:
            # Warm-ups are bounded by the limit of a run.
            return None
        if not client.test_id:
            return Denial(Cause.ORIGIN, "Pages of other sites must name their run: the request has no test_id.", None)
        counters = self._counters
        if counters.count(client.foreign_key) <= counters.count(client.foreign_run_key):
            return None
        message = f"Pages of other sites run one household at a time from your address; try again in {FULL_RETRY_S} s."
        return Denial(Cause.ADDRESS_FULL, message, FULL_RETRY_S)

    def _run_full(self, client: ClientKey) -> Denial | None:
        if client.parallel:
            return self._not_joined(client)
        limit = _MAX_SESSIONS_BY_PROFILE.get(client.profile, MAX_PERSON_SESSIONS)
        if not client.member_key or self._counters.count(client.member_key) < limit:
            return None
        whose = "This run" if client.test_id else "Your address"
        message = f"{whose} has {limit} sessions of {client.profile} already; try again in {FULL_RETRY_S} s."
        return Denial(Cause.RUN_FULL, message, FULL_RETRY_S)

    def _not_joined(self, client: ClientKey) -> Denial | None:
        """Return why a parallel session is refused. It takes no place, so no limit but its own applies."""
        if self.overload is not OverloadLevel.NORMAL:
            return _overloaded()
        if not client.test_id or not self._counters.count(client.member_key):
            message = f"There is no session of {client.profile} in this run to join; try again in {FULL_RETRY_S} s."
            return Denial(Cause.RUN_FULL, message, FULL_RETRY_S)
        if self._counters.count(client.parallel_key) < MAX_PARALLEL_SESSIONS:
            return None
        message = (
            f"This run has {MAX_PARALLEL_SESSIONS} parallel sessions of {client.profile} already; "
            f"try again in {FULL_RETRY_S} s."
        )
        return Denial(Cause.RUN_FULL, message, FULL_RETRY_S)

    def _failing(self, client: ClientKey, now: float) -> Denial | None:
        seconds = self.breakers.retry_after(client.host, client.profile, now)
        if seconds <= 0:
            return None
        left = _retry(seconds)
        message = f"Too many sessions from your address ended unexpectedly; try again in {left} s."
        return Denial(Cause.BREAKER, message, left)

    def _draining(self, now: float) -> Denial | None:
        if self.drain_deadline is None:
            return None
        left = _retry(min(self.drain_deadline - now, MAX_DRAIN_RETRY_S))
        return Denial(Cause.DRAINING, f"Draining; try again in {left} s.", left)

    @property
    def _taken(self) -> int:
        return self._counters.sessions() + self._counters.reserved()

    def _no_room(self, needed: int) -> Denial | None:
        taken, limit = self._taken, self.limits.max_sessions
        if taken + needed <= limit:
            return None
        message = f"Full with {limit} sessions" if taken >= limit else f"No room for a household in {limit} sessions"
        return Denial(Cause.FULL, f"{message}; try again in {FULL_RETRY_S} s.", FULL_RETRY_S)

    def _full(self, client: ClientKey) -> Denial | None:
        limits, counters, needed = self.limits, self._counters, self._places_needed(client)
        again = f"try again in {FULL_RETRY_S} s."
        if (denial := self._no_room(needed)) is not None:
            return denial
        if counters.count(client.address_key) + needed > (limit := limits.max_sessions_per_address):
            message = f"Your address may have {limit} sessions at once; {again}"
            return Denial(Cause.ADDRESS_FULL, message, FULL_RETRY_S)
        network = counters.count(client.network_key)
        if network + needed > (limit := limits.max_sessions_per_network):
            message = f"Your network may have {limit} sessions at once; {again}"
            return Denial(Cause.NETWORK_FULL, message, FULL_RETRY_S)
        taken = self._taken
        fair = max((limits.max_sessions - taken) // FAIR_SHARE_DIVISOR, HOUSEHOLD_SESSIONS)
        if 2 * taken > limits.max_sessions and network + needed > fair:
            message = f"Nearly full, and your network has its share of {fair} sessions; {again}"
            return Denial(Cause.NETWORK_FULL, message, FULL_RETRY_S)
        return None

    def _too_fast(self, client: ClientKey, now: float) -> Denial | None:
        again = f"try again in {RATE_RETRY_S} s."
        if self._counters.handshakes(now) >= self.limits.handshakes_per_second:
            return Denial(Cause.RATE, f"Too many new sessions; {again}", RATE_RETRY_S)
        if self._counters.handshakes_of(client.address_key, now) >= self.limits.handshakes_per_second_per_address:
            return Denial(Cause.ADDRESS_RATE, f"Too many new sessions from your address; {again}", RATE_RETRY_S)
        return None


def _overloaded() -> Denial:
    message = f"The server is overloaded; try again in {OVERLOAD_RETRY_S} s."
    return Denial(Cause.OVERLOADED, message, OVERLOAD_RETRY_S)


def _retry(seconds: float) -> int:
    return max(math.ceil(seconds), MIN_RETRY_S)
