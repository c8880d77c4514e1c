"""A circuit breaker: whose sessions fail again and again is refused for a while, and then tried with care.

The usual three states (Nygard, Release It!, "Circuit Breaker"). The libraries for it guard calls that a program makes
and read the clock themselves; this one guards connections that come in, and is told the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from householdd.clients.addresses import Network, covers, customer
from householdd.clients.client_key import network_key
from householdd.settings.definitions import Limits
from householdd.shared.counters import OUTCOMES_WINDOW_S, Outcomes, SharedCounters

FAILED_SHARE = 0.5
"""Part of all ends that has to be failures: many good customers behind one address are not shut out for a few."""

GOOD_TRIALS = 4
"""Good ends after which a half-open breaker closes: less than a household has."""

TRIAL_TIMEOUT_S = 30.0
"""Seconds after which another run is let in on trial where the one before has not ended."""

MAX_BREAKERS = 10_000
"""Breakers that are kept; beyond that the oldest is let go, so that many addresses cost no memory."""


class BreakerState(Enum):
    """What a breaker does with the next run."""

    CLOSED = "closed"
    """Lets it in."""
    OPEN = "open"
    """Refuses it."""
    HALF_OPEN = "half_open"
    """Lets in one at a time, on trial."""


@dataclass(frozen=True)
class Party:
    """Whom a breaker is for."""

    customer: Network
    profile: str = ""
    """Its sessions of this profile only; empty is all."""

    @property
    def key(self) -> bytes:
        """Stands for it in the counts."""
        return network_key(self.customer) + self.profile.encode()

    @property
    def handshakes_key(self) -> bytes:
        """Stands for its handshakes in the counts."""
        return b"h" + self.key


class Breaker:
    """The breaker of one party, from its first opening on."""

    def __init__(self) -> None:
        self.opened_at = 0.0
        self.length = 0.0
        """Seconds of the latest opening; 0 once trials were good."""
        self.open_until: float | None = None
        """Set while open or half-open."""
        self.of_handshakes = False
        """Whether the latest opening was for handshakes that came to nothing."""
        self._next_trial_at = 0.0
        self._good = 0
        """Good ends since it is half-open."""
        self._forgiven = 0.0
        """Failures in the counts from before it closed."""
        self._closed_at = 0.0

    def state(self, now: float) -> BreakerState:
        """What it does with the next run."""
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def opens_in(self, now: float) -> float:
        """Seconds after which a refused client may try again; 0 while it would be let in."""
        if self.open_until is None:
            return 0.0
        return max(self.open_until - now, self._next_trial_at - now, 0.0)

    def let_in(self, now: float) -> None:
        """A run begins, which may be one on trial."""
        self._next_trial_at = now + TRIAL_TIMEOUT_S

    def ended(self, now: float, outcomes: Outcomes, limits: Limits, most: float, *, failed: bool) -> None:
        """A session ended; ``most`` failures open the breaker. ``outcomes`` has this one too."""
        match self.state(now):
            case BreakerState.CLOSED if failed and self._too_many(now, outcomes, most):
                self.open(now, limits)
            case BreakerState.HALF_OPEN if failed:
                self.open(now, limits)
            case BreakerState.HALF_OPEN:
                self._next_trial_at = now
                self._good += 1
                if self._good >= GOOD_TRIALS:
                    self._close(now, outcomes)
            case _:
                # While open, what came in before goes on ending; that changes nothing.
                pass

    def open(self, now: float, limits: Limits, *, of_handshakes: bool = False) -> None:
        """Opens it, for twice as long as before where no good trials were between."""
        self.of_handshakes = of_handshakes
        self.length = min(self.length * 2 or limits.breaker_open, max(limits.breaker_max_open, limits.breaker_open))
        self.opened_at, self.open_until = now, now + self.length
        self._next_trial_at, self._good = self.open_until, 0

    def useless(self, now: float) -> bool:
        """Whether it is as good as none: closed for long, or open to a client that does not come back."""
        if self.open_until is None:
            return now > self._closed_at + 2 * OUTCOMES_WINDOW_S
        return now > self.open_until + 2 * self.length

    def _close(self, now: float, outcomes: Outcomes) -> None:
        self.length, self.open_until, self._closed_at = 0.0, None, now
        self._forgiven = outcomes.failed

    def _too_many(self, now: float, outcomes: Outcomes, most: float) -> bool:
        remembered = now < self._closed_at + 2 * OUTCOMES_WINDOW_S
        return too_many(outcomes, most, self._forgiven if remembered else 0.0)


class Breakers:
    """The breakers of a worker.

    Ends are counted for all workers together. A breaker opens at a worker when something fails there and with it enough
    has failed everywhere, so no worker has to tell another, and none can be asked in vain.
    """

    def __init__(self, counts: SharedCounters) -> None:
        self._counts = counts
        self._by_party: dict[Party, Breaker] = {}
        self._profiles: set[str] = set()
        """Profiles of which sessions ended here."""

    def opens_in(self, host: str, profile: str, now: float) -> float:
        """Seconds until a client may try again; 0 for one that would be let in."""
        if not self._by_party:
            return 0.0
        return max((breaker.opens_in(now) for breaker in self._found(host, profile)), default=0.0)

    def let_in(self, host: str, profile: str, now: float) -> None:
        """A run of a client begins."""
        for breaker in self._found(host, profile) if self._by_party else ():
            breaker.let_in(now)

    def refuses_connections(self, host: str, now: float) -> bool:
        """Whether nothing of a client is taken, because its handshakes came to nothing."""
        if not self._by_party:
            return False
        return any(each.of_handshakes and each.state(now) is BreakerState.OPEN for each in self._found(host, ""))

    def shaken_hands(self, host: str, now: float, limits: Limits, *, failed: bool) -> list[Party]:
        """A handshake came to an answer, or to nothing; whose breaker that opened."""
        party = Party(customer(host))
        self._counts.ended(party.handshakes_key, now, failed=failed)
        breaker = self._by_party.get(party)
        if not failed or (breaker is not None and breaker.state(now) is BreakerState.OPEN):
            return []
        if not too_many(self._counts.outcomes(party.handshakes_key, now), limits.breaker_handshakes):
            return []
        # What was before this opening is punished by it, and does not count after it once more.
        self._counts.forget_outcomes(party.handshakes_key)
        (breaker or self._add(party, now)).open(now, limits, of_handshakes=True)
        return [party]

    def ended(self, host: str, profile: str, now: float, limits: Limits, *, failed: bool) -> list[Party]:
        """A session ended, by a failure of the client's or not; whose breaker that opened."""
        opened = []
        if profile:
            self._profiles.add(profile)
        for party in _parties(host, profile):
            self._counts.ended(party.key, now, failed=failed)
            breaker = self._by_party.get(party)
            if breaker is None and not failed:
                continue
            most = limits.breaker_failures_per_profile if party.profile else limits.breaker_failures
            outcomes = self._counts.outcomes(party.key, now)
            before = breaker.open_until if breaker is not None else None
            if breaker is not None:
                breaker.ended(now, outcomes, limits, most, failed=failed)
            elif too_many(outcomes, most):
                breaker = self._add(party, now)
                breaker.open(now, limits)
            if breaker is not None and breaker.open_until not in (None, before):
                opened.append(party)
        return opened

    def current(self, now: float) -> list[tuple[Party, Breaker]]:
        """The breakers that refuse or try, by address and profile."""
        self.tidy(now)
        found = [each for each in self._by_party.items() if each[1].state(now) is not BreakerState.CLOSED]
        return sorted(found, key=lambda each: _order(each[0]))

    def reset(self, networks: list[Network] | None, now: float) -> list[tuple[Party, Breaker]]:
        """Forgets what is known of customers in ``networks``, or of all; the breakers that refused or tried."""
        found = [each for each in self.current(now) if networks is None or _within(each[0].customer, networks)]
        for party in list(self._by_party):
            if networks is None or _within(party.customer, networks):
                del self._by_party[party]
                # Within a prefix that is wider than a customer's.
                self._counts.forget_outcomes(party.key)
                self._counts.forget_outcomes(party.handshakes_key)
        if networks is None:
            self._counts.forget_outcomes()
        for network in networks or ():
            # What was counted of a customer here may have opened a breaker elsewhere only.
            self._counts.forget_outcomes(Party(network).handshakes_key)
            for profile in ("", *self._profiles):
                self._counts.forget_outcomes(Party(network, profile).key)
        return found

    def outcomes(self, party: Party, now: float) -> Outcomes:
        """How the sessions of a party ended, at all workers."""
        return self._counts.outcomes(party.key, now)

    def tidy(self, now: float) -> None:
        """Lets go of breakers that are as good as none; now and then."""
        for party in [party for party, breaker in self._by_party.items() if breaker.useless(now)]:
            del self._by_party[party]

    def _found(self, host: str, profile: str) -> list[Breaker]:
        return [breaker for party in _parties(host, profile) if (breaker := self._by_party.get(party)) is not None]

    def _add(self, party: Party, now: float) -> Breaker:
        if len(self._by_party) >= MAX_BREAKERS:
            self.tidy(now)
        if len(self._by_party) >= MAX_BREAKERS:
            del self._by_party[next(iter(self._by_party))]
        breaker = self._by_party[party] = Breaker()
        return breaker


def too_many(outcomes: Outcomes, most: float, forgiven: float = 0.0) -> bool:
    """Whether so much has failed that a breaker opens."""
    failed = outcomes.failed - forgiven
    return failed >= most and failed >= FAILED_SHARE * (outcomes.ended - forgiven)


def _parties(host: str, profile: str) -> list[Party]:
    network = customer(host)
    return [Party(network), Party(network, profile)] if profile else [Party(network)]


def _within(single: Network, networks: list[Network]) -> bool:
    return any(covers(each, single) for each in networks)


def _order(party: Party) -> tuple[int, int, str]:
    return party.customer.version, int(party.customer.network_address), party.profile
