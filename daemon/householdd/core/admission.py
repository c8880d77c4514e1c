"""Who may open a session: blocked addresses may not, nobody while the server drains, nobody beyond the limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from householdd.core.addresses import customer
from householdd.core.blocks import Blocks
from householdd.core.counts import Counts
from householdd.core.settings import Limits

LEAST_RETRY = 1
"""Seconds; the least that a client is told to wait."""

FULL_RETRY = 10
"""Seconds after which somebody may have made room; a run takes half a minute."""

RATE_RETRY = 2
"""Seconds; a rate has passed by then."""

MOST_DRAIN_RETRY = 300
"""Seconds; a drain may be ended before its deadline."""


class Cause(Enum):
    """Why a session was refused, in one word for logs and figures."""

    UNKNOWN_USER = "unknown_user"
    """The URL names no profile, or is wrong otherwise; admission is not asked then."""
    BLOCKED = "blocked"
    DRAINING = "draining"
    FULL = "full"
    ADDRESS_FULL = "address_full"
    RATE = "rate"


@dataclass(frozen=True)
class Denial:
    """An answer to a client that is not let in."""

    cause: Cause
    words: str
    retry_after: int
    """Whole seconds after which it may ask again."""


class Admission:
    """Asked at every opening handshake, before the upgrade.

    Handshakes under way together are not seen by each other, so a limit may be passed by those.
    """

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.limits = Limits()
        """The limits in force; whoever changes them puts a new value here."""
        self.blocks = Blocks()
        self.drain_deadline: float | None = None
        """Set only while draining: monotonic time at which the rest is closed."""

    @property
    def draining(self) -> bool:
        """Whether everybody is refused."""
        return self.drain_deadline is not None

    def denies(self, host: str, now: float) -> Denial | None:
        """Why the client at ``host`` is refused; None lets it in."""
        if (block := self.blocks.hits(host, now)) is not None:
            left = _retry(block.expires_at - now)
            return Denial(Cause.BLOCKED, f"Blocked by the operator: {block.reason}. Try again in {left} s.", left)
        if self.drain_deadline is not None:
            left = _retry(min(self.drain_deadline - now, MOST_DRAIN_RETRY))
            return Denial(Cause.DRAINING, f"Draining; try again in {left} s.", left)
        return self._beyond_limits(host, now)

    def _beyond_limits(self, host: str, now: float) -> Denial | None:
        limits, counts, again = self.limits, self.counts, f"try again in {FULL_RETRY} s."
        if counts.sessions() >= limits.max_sessions:
            return Denial(Cause.FULL, f"Full with {limits.max_sessions} sessions; {again}", FULL_RETRY)
        if counts.sessions_of(customer(host)) >= limits.max_sessions_per_address:
            words = f"Your address has {limits.max_sessions_per_address} sessions, which is the limit; {again}"
            return Denial(Cause.ADDRESS_FULL, words, FULL_RETRY)
        if counts.handshakes(now) >= limits.handshakes_per_second:
            words = f"Too many new sessions at the moment; try again in {RATE_RETRY} s."
            return Denial(Cause.RATE, words, RATE_RETRY)
        return None


def _retry(seconds: float) -> int:
    return max(math.ceil(seconds), LEAST_RETRY)
