"""How often somebody may try a token."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from householdd.clients.addresses import customer

FIRST_DELAY, LAST_DELAY = 1.0, 16.0
"""Seconds that the answer to a wrong token waits: the first of an address, then twice as long each time, up to the
last."""

FORGET_AFTER_S = 600.0
"""Seconds without a wrong token after which an address begins anew."""

MAX_ADDRESSES = 1024
"""Addresses that are remembered; the one that failed longest ago is forgotten first."""


class LoginFailures:
    """Wrong tokens, by the customer's network that they came from.

    Only the answer to a wrong token waits. A right one is never refused for what others at its address tried, so nobody
    can be locked out. A connection has one try; what keeps guesses hopeless is the length of a token.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is a monotonic clock in seconds."""
        self._now = now
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def delay(self, host: str) -> float:
        """Notes a wrong token from ``host``; the seconds that the answer has to wait."""
        network, now = str(customer(host)), self._now()
        count, last = self._seen.pop(network, (0, now))
        count = 1 if now - last > FORGET_AFTER_S else count + 1
        self._seen[network] = (count, now)
        while len(self._seen) > MAX_ADDRESSES:
            self._seen.popitem(last=False)
        # The exponent is bounded as well: a float has no 2**2000.
        return float(min(FIRST_DELAY * 2 ** min(count - 1, 16), LAST_DELAY))
