"""Circuit breakers: refuse customers whose sessions keep failing, then admit trial runs (Nygard, Release It!)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from householdd.clients.addresses import Network, covers, customer
from householdd.clients.client_key import network_key
from householdd.settings.definitions import Limits
from householdd.shared.counters import OUTCOMES_WINDOW_S, Outcomes, SharedCounters

MIN_FAILED_SHARE = 0.5
"""Share of failures from which a breaker opens, because many customers may share an address."""

TRIAL_SUCCESSES = 4
"""Successful sessions that close a half-open breaker: fewer than a household has."""

TRIAL_TIMEOUT_S = 30.0
"""Seconds before another trial run if one has not ended."""

MAX_BREAKERS = 10_000
"""Breakers kept at once; the oldest is dropped first."""


class BreakerState(Enum):
    """State of a breaker, by what happens to the next run."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class BreakerKey:
    """What a breaker applies to."""

    customer: Network
    profile: str = ""
    """Profile; empty for all profiles of the customer."""

    @property
    def outcomes_key(self) -> bytes:
        return network_key(self.customer) + self.profile.encode()

    @property
    def handshakes_key(self) -> bytes:
        return b"h" + self.outcomes_key


class Breaker:
    """One breaker, from its first opening."""

    def __init__(self) -> None:
        self.opened_at = 0.0
        self.open_s = 0.0
        """Duration of the latest opening, in seconds; 0 after successful trials."""
        self.open_until: float | None = None
        """Only set while open or half-open."""
        self.of_handshakes = False
        self._next_trial_at = 0.0
        self._successes = 0
        """Successful sessions since the breaker became half-open."""
        self._forgiven = 0.0
        """Failures counted before the breaker closed."""
        self._closed_at = 0.0

    def state(self, now: float) -> BreakerState:
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def retry_after(self, now: float) -> float:
        """Return the seconds until a client may retry; 0 if it would be admitted."""
        if self.open_until is None:
            return 0.0
        return max(self.open_until - now, self._next_trial_at - now, 0.0)

    def admit(self, now: float) -> None:
        self._next_trial_at = now + TRIAL_TIMEOUT_S

    def ended(self, now: float, outcomes: Outcomes, limits: Limits, max_failures: float, *, failed: bool) -> None:
        """Record an end, which ``outcomes`` includes; open the breaker at ``max_failures``."""
        match self.state(now):
            case BreakerState.CLOSED if failed and self._failed_too_often(now, outcomes, max_failures):
                self.open(now, limits)
            case BreakerState.HALF_OPEN if failed:
                self.open(now, limits)
            case BreakerState.HALF_OPEN:
                self._next_trial_at = now
                self._successes += 1
                if self._successes >= TRIAL_SUCCESSES:
                    self._close(now, outcomes)
            case _:
                # Sessions admitted earlier keep ending while the breaker is open.
                pass

    def open(self, now: float, limits: Limits, *, of_handshakes: bool = False) -> None:
        """Open for twice as long as before, unless trials succeeded in between."""
        self.of_handshakes = of_handshakes
        self.open_s = min(self.open_s * 2 or limits.breaker_open, max(limits.breaker_max_open, limits.breaker_open))
        self.opened_at, self.open_until = now, now + self.open_s
        self._next_trial_at, self._successes = self.open_until, 0

    def is_stale(self, now: float) -> bool:
        """Return whether the breaker closed long ago, or is open to a client that does not return."""
        if self.open_until is None:
            return now > self._closed_at + 2 * OUTCOMES_WINDOW_S
        return now > self.open_until + 2 * self.open_s

    def _close(self, now: float, outcomes: Outcomes) -> None:
        self.open_s, self.open_until, self._closed_at = 0.0, None, now
        self._forgiven = outcomes.failed

    def _failed_too_often(self, now: float, outcomes: Outcomes, max_failures: float) -> bool:
        remembered = now < self._closed_at + 2 * OUTCOMES_WINDOW_S
        return failed_too_often(outcomes, max_failures, self._forgiven if remembered else 0.0)


class Breakers:
    """The breakers of a worker.

    Outcomes are shared by all workers; a breaker opens at the worker that sees the failure that reaches the limit.
    """

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters
        self._by_key: dict[BreakerKey, Breaker] = {}
        self._profiles: set[str] = set()

    def retry_after(self, host: str, profile: str, now: float) -> float:
        if not self._by_key:
            return 0.0
        return max((breaker.retry_after(now) for breaker in self._found(host, profile)), default=0.0)

    def admit(self, host: str, profile: str, now: float) -> None:
        for breaker in self._found(host, profile) if self._by_key else ():
            breaker.admit(now)

    def refuses_connections(self, host: str, now: float) -> bool:
        if not self._by_key:
            return False
        return any(each.of_handshakes and each.state(now) is BreakerState.OPEN for each in self._found(host, ""))

    def handshake_ended(self, host: str, now: float, limits: Limits, *, failed: bool) -> list[BreakerKey]:
        key = BreakerKey(customer(host))
        self._counters.add_outcome(key.handshakes_key, now, failed=failed)
        breaker = self._by_key.get(key)
        if not failed or (breaker is not None and breaker.state(now) is BreakerState.OPEN):
            return []
        if not failed_too_often(self._counters.outcomes(key.handshakes_key, now), limits.breaker_handshakes):
            return []
        # Failures that led to this opening must not count for the next.
        self._counters.clear_outcomes(key.handshakes_key)
        (breaker or self._add(key, now)).open(now, limits, of_handshakes=True)
        return [key]

    def ended(self, host: str, profile: str, now: float, limits: Limits, *, failed: bool) -> list[BreakerKey]:
        opened = []
        if profile:
            self._profiles.add(profile)
        for key in _keys(host, profile):
            self._counters.add_outcome(key.outcomes_key, now, failed=failed)
            breaker = self._by_key.get(key)
            if breaker is None and not failed:
                continue
            max_failures = limits.breaker_failures_per_profile if key.profile else limits.breaker_failures
            outcomes = self._counters.outcomes(key.outcomes_key, now)
            before = breaker.open_until if breaker is not None else None
            if breaker is not None:
                breaker.ended(now, outcomes, limits, max_failures, failed=failed)
            elif failed_too_often(outcomes, max_failures):
                breaker = self._add(key, now)
                breaker.open(now, limits)
            if breaker is not None and breaker.open_until not in (None, before):
                opened.append(key)
        return opened

    def current(self, now: float) -> list[tuple[BreakerKey, Breaker]]:
        self.remove_stale(now)
        found = [each for each in self._by_key.items() if each[1].state(now) is not BreakerState.CLOSED]
        return sorted(found, key=lambda each: _order(each[0]))

    def reset(self, networks: list[Network] | None, now: float) -> list[tuple[BreakerKey, Breaker]]:
        """Reset the breakers in ``networks``, or all; return those that were open or half-open."""
        found = [each for each in self.current(now) if networks is None or _within(each[0].customer, networks)]
        for key in list(self._by_key):
            if networks is None or _within(key.customer, networks):
                del self._by_key[key]
                # ``networks`` may be wider than a customer's.
                self._counters.clear_outcomes(key.outcomes_key)
                self._counters.clear_outcomes(key.handshakes_key)
        if networks is None:
            self._counters.clear_outcomes()
        for network in networks or ():
            # Outcomes counted here may have opened a breaker at another worker.
            self._counters.clear_outcomes(BreakerKey(network).handshakes_key)
            for profile in ("", *self._profiles):
                self._counters.clear_outcomes(BreakerKey(network, profile).outcomes_key)
        return found

    def outcomes(self, key: BreakerKey, now: float) -> Outcomes:
        return self._counters.outcomes(key.outcomes_key, now)

    def remove_stale(self, now: float) -> None:
        for key in [key for key, breaker in self._by_key.items() if breaker.is_stale(now)]:
            del self._by_key[key]

    def _found(self, host: str, profile: str) -> list[Breaker]:
        return [breaker for key in _keys(host, profile) if (breaker := self._by_key.get(key)) is not None]

    def _add(self, key: BreakerKey, now: float) -> Breaker:
        if len(self._by_key) >= MAX_BREAKERS:
            self.remove_stale(now)
        if len(self._by_key) >= MAX_BREAKERS:
            del self._by_key[next(iter(self._by_key))]
        breaker = self._by_key[key] = Breaker()
        return breaker


def failed_too_often(outcomes: Outcomes, max_failures: float, forgiven: float = 0.0) -> bool:
    failed = outcomes.failed - forgiven
    return failed >= max_failures and failed >= MIN_FAILED_SHARE * (outcomes.ended - forgiven)


def _keys(host: str, profile: str) -> list[BreakerKey]:
    network = customer(host)
    return [BreakerKey(network), BreakerKey(network, profile)] if profile else [BreakerKey(network)]


def _within(single: Network, networks: list[Network]) -> bool:
    return any(covers(each, single) for each in networks)


def _order(key: BreakerKey) -> tuple[int, int, str]:
    return key.customer.version, int(key.customer.network_address), key.profile
