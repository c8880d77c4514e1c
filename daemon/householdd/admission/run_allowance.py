"""How many runs a network may store."""

from __future__ import annotations

from collections import OrderedDict

from householdd.capacity.token_bucket import TokenBucket

MAX_NETWORKS = 10_000
"""Networks remembered at once; the least recently used is forgotten first."""

SECONDS_PER_DAY = 86400


class RunAllowance:
    """Runs per minute and per day that a network may store, in one burst."""

    def __init__(self, per_minute: float, per_day: float) -> None:
        self._rates = (per_minute / 60, per_minute), (per_day / SECONDS_PER_DAY, per_day)
        self._buckets: OrderedDict[str, list[TokenBucket]] = OrderedDict()

    def take(self, block: str, now: float) -> bool:
        buckets = self._buckets.get(block)
        if buckets is None:
            buckets = self._buckets[block] = [TokenBucket(rate, burst, now) for rate, burst in self._rates]
            if len(self._buckets) > MAX_NETWORKS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(block)
        # A run refused by the minute's bucket must not use up the day's.
        return all(bucket.take(now) for bucket in buckets)
