"""Which ended sessions belong to which stored run."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

WINDOW_S = 600.0
"""Longest time between the end of a session and its run's report, in either order, in seconds."""

MAX_SESSIONS_PER_RUN = 64
"""Most sessions of a run that are kept; the earliest are dropped. A run opens up to 55: a Computer of eight connections
in each warm-up and stretch, and seven others."""

MAX_RUNS = 10_000

Household = tuple[str, str]
"""Test id and client host, which the sessions of a run share."""

V = TypeVar("V")


class _Recent(Generic[V]):
    def __init__(self) -> None:
        self._values: OrderedDict[Household, tuple[float, V]] = OrderedDict()

    def get(self, key: Household, now: float) -> V | None:
        since, value = self._values.get(key, (now - WINDOW_S, None))
        return value if now - since < WINDOW_S else None

    def since(self, key: Household) -> float:
        return self._values[key][0]

    def pop(self, key: Household, now: float) -> V | None:
        value = self.get(key, now)
        self._values.pop(key, None)
        return value

    def put(self, key: Household, value: V, now: float) -> None:
        self._values[key] = now, value
        self._values.move_to_end(key)
        if len(self._values) > MAX_RUNS:
            self._values.popitem(last=False)


class RunIndex:
    """Joins sessions and runs by household. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._ended = _Recent[list[str]]()
        self._runs = _Recent[str]()

    def ended(self, household: Household, session_id: str, opened_at: float, now: float) -> str | None:
        """Return the id of the session's run if that was reported before.

        A session opened after the report belongs to a later run.
        """
        if not household[0]:
            return None
        run_id = self._runs.get(household, now)
        if run_id is not None and opened_at > self._runs.since(household):
            run_id = None
        if run_id is None:
            known = self._ended.get(household, now) or []
            self._ended.put(household, [*known, session_id][-MAX_SESSIONS_PER_RUN:], now)
        return run_id

    def reported(self, household: Household, run_id: str, now: float) -> tuple[str, ...]:
        """Return the run's sessions that ended before."""
        if not household[0]:
            return ()
        self._runs.put(household, run_id, now)
        return tuple(self._ended.pop(household, now) or ())
