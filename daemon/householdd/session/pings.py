"""Pings on their way: an answer counts only for a ping that we sent."""

from __future__ import annotations

from typing import Generic, TypeVar

MAX_PINGS = 64
"""Unanswered pings that are remembered: half a minute of them at two a second."""

Key = TypeVar("Key", int, bytes, float)


class Pings(Generic[Key]):
    """Unanswered pings, oldest first."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: dict[Key, float] = {}

    def sent(self, key: Key, now: float) -> None:
        """A ping was sent; beyond ``KEPT`` the oldest is forgotten."""
        self._sent[key] = now
        if len(self._sent) > MAX_PINGS:
            del self._sent[next(iter(self._sent))]

    def answered(self, key: Key, now: float) -> float | None:
        """Seconds since the ping ``key`` was sent; None where there is none. A second answer finds none."""
        sent = self._sent.pop(key, None)
        return None if sent is None else now - sent
