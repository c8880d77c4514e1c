"""Rate of a growing byte count."""

from __future__ import annotations

WINDOW_S = 2.0


class RateMeter:
    """Rate over the last ``WINDOW_S`` seconds."""

    def __init__(self, now: float) -> None:
        self._samples = [(now, 0)]

    def sample(self, now: float, total: int) -> None:
        """Call at each control pass."""
        self._samples.append((now, total))
        # One sample older than the window stays, to cover it fully.
        while self._samples[1][0] <= now - WINDOW_S:
            del self._samples[0]

    @property
    def bps(self) -> float:
        """Rate in bit/s."""
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return (last - first) * 8 / (ended - began) if ended > began else 0.0
