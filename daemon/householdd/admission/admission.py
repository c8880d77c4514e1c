"""Who may open a session: nobody blocked or failing, no new run while the server drains, nobody beyond the limits.

A household is let in as a whole: places are kept for the sessions that follow the first one of a run, and no limit and
no drain stands in their way then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from householdd.admission.blocks import Blocks
from householdd.admission.breakers import Breakers
from householdd.admission.reservations import HOUSEHOLD_SESSIONS, Reservations
from householdd.capacity.overload_controller import OverloadLevel
from householdd.clients.addresses import written
from householdd.clients.client_key import ClientKey
from householdd.session.states import CloseReason
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters
from householdd.traffic.profiles import PROBE, WARM_UP

MIN_RETRY_S = 1
"""Seconds; the least that a client is told to wait."""

FULL_RETRY_S = 10
"""Seconds after which somebody may have made room; a run takes half a minute."""

RATE_RETRY_S = 2
"""Seconds; a rate has passed by then."""

OVERLOAD_RETRY_S = 30
"""Seconds; a run takes as long, and overload is over only some time after it has gone."""

MAX_DRAIN_RETRY_S = 300
"""Seconds; a drain may be ended before its deadline."""

FAIR_SHARE_DIVISOR = 4
"""Once half of all places are taken, a network has at most one part in this many of those that are free. So a few
networks with many clients each cannot take all (dynamic thresholds, Choudhury and Hahne, 1998)."""

PERSONS, PROBES = 2, 8
"""Live sessions of a profile in a run: twice a household's, because a client comes back before its lost connection is
noticed, and the page's warm-up is a second Computer for a moment."""

WARM_UP_SESSIONS = 4
"""Live warm-ups of a customer by foreign pages of the earlier system: a page reads two at once, and tries again."""

_MAX_OF_RUN = {PROBE.key: PROBES, WARM_UP: WARM_UP_SESSIONS}
"""By profile; else ``PERSONS``."""

_FAILED = frozenset(
    {CloseReason.CONNECTION_LOST, CloseReason.PROBES_FAILED, CloseReason.INACTIVE, CloseReason.PROTOCOL_ERROR}
)
"""Ends that are the client's failure."""
_GOOD = frozenset({CloseReason.CLIENT_STOPPED, CloseReason.CLIENT_CLOSED, CloseReason.MAX_DURATION})
"""Ends that are as they should be. The others are the server's doing and say nothing about the client."""


class Cause(Enum):
    """Why a session was refused, in one word for logs and figures."""

    UNKNOWN_USER = "unknown_user"
    """The URL names no profile, or is wrong otherwise; admission is not asked then."""
    BLOCKED = "blocked"
    DRAINING = "draining"
    FULL = "full"
    ADDRESS_FULL = "address_full"
    RATE = "rate"
    BREAKER = "breaker"
    NETWORK_FULL = "network_full"
    ADDRESS_RATE = "address_rate"
    RUN_FULL = "run_full"
    ORIGIN = "origin"
    """A page of another site; admission is not asked then."""
    UNFINISHED = "unfinished"
    """Too many handshakes under way; nothing was asked yet."""
    ADDRESS_UNFINISHED = "address_unfinished"
    TOKEN = "token"  # noqa: S105 - a cause, no password
    """No token, or none that lets it in; admission is not asked then."""
    PROXY_HEADER = "proxy_header"
    """No PROXY header, or a wrong one, where one has to be."""
    OVERLOADED = "overloaded"


@dataclass(frozen=True)
class Denial:
    """An answer to a client that is not let in."""

    cause: Cause
    words: str
    retry_after: int | None
    """Whole seconds after which it may ask again; None where that would not help."""


class Admission:
    """Asked at every opening handshake, before the upgrade.

    Handshakes under way together are not seen by each other, so a limit may be passed by those.
    """

    def __init__(self, counts: SharedCounters) -> None:
        self.blocks = Blocks()
        self.breakers = Breakers(counts)
        self.drain_deadline: float | None = None
        """Set only while draining: monotonic time at which the rest is closed."""
        self.emergency = False
        """Whether an emergency stop is under way."""
        self.overload = OverloadLevel.NORMAL
        """What the worker does about overload."""
        self._counts = counts
        self._reservations = Reservations(counts)
        self._limits = Limits()

    @property
    def limits(self) -> Limits:
        """The limits in force; whoever changes them puts a new value here."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        if not self._households:
            self._reservations.release()

    @property
    def draining(self) -> bool:
        """Whether new runs are refused."""
        return self.drain_deadline is not None

    def denies(self, visitor: ClientKey, now: float) -> Denial | None:
        """Why the visitor is refused; None lets it in."""
        if (denial := self._blocked(visitor, now)) is not None:
            return denial
        if (denial := self._draining(now)) is not None and not self._continues(visitor, now):
            return denial
        if self.overload is OverloadLevel.STOP:
            return _overloaded()
        denial = self._foreign_page(visitor) or self._run_full(visitor)
        if denial is not None or self._reservations.expects(visitor):
            return denial
        if self.overload is not OverloadLevel.NORMAL:
            return _overloaded()
        return self._failing(visitor, now) or self._full(visitor) or self._too_fast(visitor, now)

    def denies_new_runs(self, now: float) -> Denial | None:
        """Return why a new run is refused whatever its address; None where an address may begin one."""
        if (denial := self._draining(now)) is not None:
            return denial
        if self.overload is not OverloadLevel.NORMAL:
            return _overloaded()
        return self._no_room(HOUSEHOLD_SESSIONS if self._households else 1)

    def let_in(self, visitor: ClientKey, now: float) -> None:
        """Notes a handshake that was not denied."""
        self._counts.handshake(visitor.address_key, now)
        if self._reservations.expects(visitor):
            return
        self.breakers.let_in(visitor.host, visitor.profile, now)
        if self._wanted(visitor) > 1:
            self._reservations.make(visitor, now)

    def opened(self, visitor: ClientKey, now: float) -> None:
        """A session began."""
        self._counts.opened(visitor.keys)
        self._reservations.changed(visitor, now)

    def ended(self, visitor: ClientKey, reason: CloseReason, now: float) -> list[str]:
        """A session ended; in words, whose breaker that opened."""
        self._counts.closed(visitor.keys)
        self._reservations.changed(visitor, now)
        if reason not in _FAILED | _GOOD:
            return []
        parties = self.breakers.ended(visitor.host, visitor.profile, now, self.limits, failed=reason in _FAILED)
        return [" ".join((written(party.customer), party.profile)).strip() for party in parties]

    def refuses_connections(self, host: str, now: float) -> bool:
        """Whether nothing that comes from ``host`` is worth a handshake."""
        return self.breakers.refuses_connections(host, now)

    def shaken_hands(self, host: str, now: float, *, failed: bool) -> list[str]:
        """A handshake came to an answer, whichever, or to nothing; in words, whose breaker that opened."""
        parties = self.breakers.shaken_hands(host, now, self.limits, failed=failed)
        return [written(party.customer) for party in parties]

    def settle(self, now: float) -> None:
        """What has to be done now and then: four times a second."""
        self._reservations.settle(now)

    @property
    def _households(self) -> bool:
        """Whether a household has room at all; where it has not, each session is for itself."""
        limits = self._limits
        return (
            min(limits.max_sessions, limits.max_sessions_per_address, limits.max_sessions_per_network)
            >= HOUSEHOLD_SESSIONS
        )

    def _wanted(self, visitor: ClientKey) -> int:
        return self._reservations.wanted(visitor) if self._households else 1

    def _continues(self, visitor: ClientKey, now: float) -> bool:
        """Whether the visitor's run was let in before; a drain lets it open its sessions until the deadline."""
        return self.drain_deadline is not None and now < self.drain_deadline and self._reservations.continues(visitor)

    def _blocked(self, visitor: ClientKey, now: float) -> Denial | None:
        block = self.blocks.hits(visitor.host, now)
        if block is None:
            return None
        left = _retry(block.expires_at - now)
        return Denial(Cause.BLOCKED, f"Blocked by the operator: {block.reason}. Try again in {left} s.", left)

    def _foreign_page(self, visitor: ClientKey) -> Denial | None:
        """Keep a site that shows this server to its visitors from filling their lines with more than one household."""
        if not visitor.foreign or visitor.profile == WARM_UP:
            # Its warm-ups are few by the limit of a run.
            return None
        if not visitor.test_id:
            return Denial(Cause.ORIGIN, "Pages of other sites must name their run: the request has no test_id.", None)
        counts = self._counts
        if counts.of(visitor.foreign_key) <= counts.of(visitor.foreign_run_key):
            return None
        words = f"Pages of other sites run one household at a time from your address; try again in {FULL_RETRY_S} s."
        return Denial(Cause.ADDRESS_FULL, words, FULL_RETRY_S)

    def _run_full(self, visitor: ClientKey) -> Denial | None:
        most = _MAX_OF_RUN.get(visitor.profile, PERSONS)
        if not visitor.member_key or self._counts.of(visitor.member_key) < most:
            return None
        whose = "This run" if visitor.test_id else "Your address"
        words = f"{whose} has {most} sessions of {visitor.profile} already; try again in {FULL_RETRY_S} s."
        return Denial(Cause.RUN_FULL, words, FULL_RETRY_S)

    def _failing(self, visitor: ClientKey, now: float) -> Denial | None:
        opens_in = self.breakers.opens_in(visitor.host, visitor.profile, now)
        if opens_in <= 0:
            return None
        left = _retry(opens_in)
        words = f"Too many sessions from your address ended without a goodbye; try again in {left} s."
        return Denial(Cause.BREAKER, words, left)

    def _draining(self, now: float) -> Denial | None:
        if self.drain_deadline is None:
            return None
        left = _retry(min(self.drain_deadline - now, MAX_DRAIN_RETRY_S))
        return Denial(Cause.DRAINING, f"Draining; try again in {left} s.", left)

    @property
    def _taken(self) -> int:
        return self._counts.sessions() + self._counts.reserved()

    def _no_room(self, wanted: int) -> Denial | None:
        taken, most = self._taken, self.limits.max_sessions
        if taken + wanted <= most:
            return None
        words = f"Full with {most} sessions" if taken >= most else f"No room for a household in {most} sessions"
        return Denial(Cause.FULL, f"{words}; try again in {FULL_RETRY_S} s.", FULL_RETRY_S)

    def _full(self, visitor: ClientKey) -> Denial | None:
        limits, counts, wanted = self.limits, self._counts, self._wanted(visitor)
        again = f"try again in {FULL_RETRY_S} s."
        if (denial := self._no_room(wanted)) is not None:
            return denial
        if counts.of(visitor.address_key) + wanted > (most := limits.max_sessions_per_address):
            words = f"Your address may have {most} sessions at once; {again}"
            return Denial(Cause.ADDRESS_FULL, words, FULL_RETRY_S)
        network = counts.of(visitor.network_key)
        if network + wanted > (most := limits.max_sessions_per_network):
            words = f"Your network may have {most} sessions at once; {again}"
            return Denial(Cause.NETWORK_FULL, words, FULL_RETRY_S)
        taken = self._taken
        fair = max((limits.max_sessions - taken) // FAIR_SHARE_DIVISOR, HOUSEHOLD_SESSIONS)
        if 2 * taken > limits.max_sessions and network + wanted > fair:
            words = f"Nearly full, and your network has its share of {fair} sessions; {again}"
            return Denial(Cause.NETWORK_FULL, words, FULL_RETRY_S)
        return None

    def _too_fast(self, visitor: ClientKey, now: float) -> Denial | None:
        again = f"try again in {RATE_RETRY_S} s."
        if self._counts.handshakes(now) >= self.limits.handshakes_per_second:
            return Denial(Cause.RATE, f"Too many new sessions at the moment; {again}", RATE_RETRY_S)
        if self._counts.handshakes_of(visitor.address_key, now) >= self.limits.handshakes_per_second_per_address:
            return Denial(Cause.ADDRESS_RATE, f"Too many new sessions from your address; {again}", RATE_RETRY_S)
        return None


def _overloaded() -> Denial:
    words = f"The server is overloaded at the moment; try again in {OVERLOAD_RETRY_S} s."
    return Denial(Cause.OVERLOADED, words, OVERLOAD_RETRY_S)


def _retry(seconds: float) -> int:
    return max(math.ceil(seconds), MIN_RETRY_S)
