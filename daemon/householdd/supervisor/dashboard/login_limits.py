"""Delays for wrong tokens."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from householdd.clients.addresses import customer

FIRST_DELAY, LAST_DELAY = 1.0, 16.0
"""Delay of the response to a wrong token, in seconds: first of an address, doubled each time, up to the last."""

FORGET_AFTER_S = 600.0
"""Seconds without a wrong token after which an address starts at ``FIRST_DELAY`` again."""

MAX_ADDRESSES = 1024
"""Addresses remembered; the one that failed longest ago is forgotten first."""


class LoginFailures:
    """Wrong tokens by customer network.

    Only the response to a wrong token is delayed, so wrong tokens never lock out a valid one. A connection has one
    try. The length of a token is what makes guessing hopeless.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is a monotonic clock in seconds."""
        self._now = now
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def delay(self, host: str) -> float:
        """Count a wrong token from ``host``; return the delay of the response in seconds."""
        network, now = str(customer(host)), self._now()
        count, last = self._seen.pop(network, (0, now))
        count = 1 if now - last > FORGET_AFTER_S else count + 1
        self._seen[network] = (count, now)
        while len(self._seen) > MAX_ADDRESSES:
            self._seen.popitem(last=False)
        # The exponent is bounded too: a float cannot hold 2**2000.
        return float(min(FIRST_DELAY * 2 ** min(count - 1, 16), LAST_DELAY))
