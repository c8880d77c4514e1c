"""Token bucket."""

from __future__ import annotations


class TokenBucket:
    """Fills with ``rate`` tokens per second up to ``size``; starts full."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        self._rate = rate
        self._size = size
        self._tokens = size
        self._at = now

    def take(self, now: float) -> bool:
        """Return False if no token is left."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
