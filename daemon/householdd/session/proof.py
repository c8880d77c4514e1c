"""Bound on payload that the client has not proven to have received.

Acknowledgements prove nothing: a client may acknowledge what it never got, and so draw from the server what its line
does not carry. Only the echo of a random ping, sent within the payload, proves that all before it arrived.
"""

from __future__ import annotations

import math
from collections import deque

from householdd.session.liveness import HEARTBEAT_S
from householdd.session.pings import MAX_PINGS

MIN_ALLOWANCE_BYTES = 128 * 1024
"""Unproven payload that every client may have; a line of 100 Mbit/s and 10 ms holds as much."""

GROWTH = 2
"""Further unproven bytes for each proven one: the allowance trebles in a round trip, and TCP's slow start doubles."""

MIN_INTERVAL_S = 0.05
"""Seconds between two pings, at least."""

PINGS_PER_ALLOWANCE = 3
"""Pings in flight from which the allowance is used well: with one, a sender would wait for each echo."""

PING_ROOM_BYTES = 3 * 1024
"""Payload around a ping: two packets, so that it shares one with payload on both sides."""


class Proof:
    """Payload bytes of one session: how many were sent, how many of them are proven, and how many more may follow.

    The allowance grows with what was proven in an unbroken chain: a client that answers a ping but not the one before
    did not receive all that lies between, and begins anew.
    """

    __slots__ = (
        "_allowance",
        "_chain_began",
        "_needed",
        "_ping_from",
        "_pinged_at",
        "_pings",
        "limit",
        "proven",
        "sent",
    )

    def __init__(self, *, needed: bool = True) -> None:
        """``needed`` is False for a client that cannot answer pings; it is bound by nothing here."""
        self._needed = needed
        self.sent = 0
        """Payload bytes given to the transport."""
        self.proven = 0
        """Payload bytes ahead of the latest ping that was answered."""
        self.limit = float(MIN_ALLOWANCE_BYTES) if needed else math.inf
        """Sent bytes beyond which nothing may follow without a further proof."""
        self._chain_began = 0
        """Bytes that were proven when the chain began."""
        self._allowance = float(MIN_ALLOWANCE_BYTES)
        """Unproven bytes that the client may have."""
        self._pings: deque[tuple[bytes, int]] = deque()
        """Unanswered pings, and the payload bytes ahead of each."""
        self._pinged_at = -math.inf
        self._ping_from = 0.0
        """Sent bytes from which another ping is due."""

    def extend(self, ceiling: float) -> None:
        """Set the limit by what is proven; ``ceiling`` bounds the unproven bytes, but for the minimum."""
        if not self._needed:
            return
        earned = MIN_ALLOWANCE_BYTES + GROWTH * (self.proven - self._chain_began)
        self._allowance = min(earned, max(ceiling, MIN_ALLOWANCE_BYTES))
        self.limit = self.proven + self._allowance
        if self.limit <= self.sent and not self._pings:
            # With nothing to wait for, the next ping must go, also above an allowance that has just shrunk.
            self.limit = self.sent + PING_ROOM_BYTES

    def wants_ping(self, now: float) -> bool:
        """Return whether the next portion of payload is to carry a ping."""
        age = now - self._pinged_at
        if age < MIN_INTERVAL_S or (age < HEARTBEAT_S and self.sent < self._ping_from):
            return False
        return self._needed and len(self._pings) < MAX_PINGS

    def pinged_lately(self, now: float) -> bool:
        """Return whether a ping within payload makes one beside it needless."""
        return now - self._pinged_at < HEARTBEAT_S

    def pinged(self, data: bytes, behind: int, now: float) -> None:
        """Note a ping within the portion just counted, with ``behind`` of its bytes behind the ping."""
        position = self.sent - behind
        self._pings.append((data, position))
        self._pinged_at = now
        self._ping_from = position + self._allowance / PINGS_PER_ALLOWANCE

    def answered(self, data: bytes, ceiling: float) -> None:
        """Take the echo of a ping; the echo of one that was not within payload changes nothing."""
        if not any(data == ping for ping, _ in self._pings):
            return
        skipped = self._pings[0][0] != data
        while True:
            ping, self.proven = self._pings.popleft()
            if ping == data:
                break
        if skipped:
            self._chain_began = self.proven
        self.extend(ceiling)
