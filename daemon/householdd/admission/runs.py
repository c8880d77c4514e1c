"""Which ended sessions belong to which stored run, and how many runs a part of the network may store."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from householdd.capacity.token_bucket import TokenBucket

WINDOW_S = 600.0
"""Seconds between a session's end and the report of its run, in either order; beyond that they are strangers."""

MAX_SESSIONS = 16
"""Sessions of one run."""

MAX_KEYS = 10_000
"""Runs, and as many parts of the network, that are remembered at once; the oldest are forgotten."""

SECONDS_PER_DAY = 86400

Household = tuple[str, str]
"""The test id and the client's host, which the sessions of one run share."""

V = TypeVar("V")


class _Recent(Generic[V]):
    """Values by key, the most recently added ones only."""

    def __init__(self) -> None:
        self._values: OrderedDict[Household, tuple[float, V]] = OrderedDict()

    def get(self, key: Household, now: float) -> V | None:
        since, value = self._values.get(key, (now - WINDOW_S, None))
        return value if now - since < WINDOW_S else None

    def since(self, key: Household) -> float:
        """When the value was put; only of a key that has one."""
        return self._values[key][0]

    def pop(self, key: Household, now: float) -> V | None:
        value = self.get(key, now)
        self._values.pop(key, None)
        return value

    def put(self, key: Household, value: V, now: float) -> None:
        self._values[key] = now, value
        self._values.move_to_end(key)
        if len(self._values) > MAX_KEYS:
            self._values.popitem(last=False)


class RunIndex:
    """Remembers both for a while. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._ended = _Recent[list[str]]()
        self._runs = _Recent[str]()

    def ended(self, household: Household, session_id: str, opened_at: float, now: float) -> str | None:
        """A session ended; the id of the run that it belongs to, where that was reported before.

        One that opened after the report belongs to a later run with the same labels.
        """
        if not household[0]:
            return None
        run_id = self._runs.get(household, now)
        if run_id is not None and opened_at > self._runs.since(household):
            run_id = None
        if run_id is None:
            known = self._ended.get(household, now) or []
            self._ended.put(household, [*known, session_id][-MAX_SESSIONS:], now)
        return run_id

    def reported(self, household: Household, run_id: str, now: float) -> tuple[str, ...]:
        """A run was reported; its sessions that ended before."""
        if not household[0]:
            return ()
        self._runs.put(household, run_id, now)
        return tuple(self._ended.pop(household, now) or ())


class RunAllowance:
    """Runs a minute and a day that each part of the network may store; as many may come at once."""

    def __init__(self, per_minute: float, per_day: float) -> None:
        self._rates = (per_minute / 60, per_minute), (per_day / SECONDS_PER_DAY, per_day)
        self._buckets: OrderedDict[str, list[TokenBucket]] = OrderedDict()

    def take(self, block: str, now: float) -> bool:
        """Whether one more run of ``block`` is stored."""
        buckets = self._buckets.get(block)
        if buckets is None:
            buckets = self._buckets[block] = [TokenBucket(rate, burst, now) for rate, burst in self._rates]
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(block)
        # One that the minute refuses does not count for the day.
        return all(bucket.take(now) for bucket in buckets)
