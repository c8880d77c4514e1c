"""Delay that varies."""

from __future__ import annotations

from random import Random
from typing import Protocol


class Jitter(Protocol):
    """Gives each packet a delay beside the constant one. Times are in seconds and never decrease."""

    def wait(self, now: float) -> float:
        """Return the delay in seconds of a packet that is ready now."""


class NoJitter:
    def wait(self, now: float) -> float:  # noqa: ARG002 - it never varies
        return 0.0


class MediumJitter:
    """Delay of a shared medium, such as Wi-Fi's: small for most packets, long while others occupy the medium.

    While it is free a packet waits ``access`` seconds in the mean, exponentially distributed. Others occupy it every
    ``free`` seconds in the mean, for ``busy`` seconds in the mean, both exponentially distributed; packets that are
    ready meanwhile all wait until it is free.
    """

    def __init__(self, access: float, free: float, busy: float, random: Random) -> None:
        self._access, self._free, self._busy = access, free, busy
        self._random = random
        self._busy_from = self._busy_until = 0.0
        self._occupy(0.0)

    def wait(self, now: float) -> float:
        while now >= self._busy_until:
            self._occupy(self._busy_until)
        occupied = self._busy_until - now if now >= self._busy_from else 0.0
        return occupied + self._random.expovariate(1 / self._access)

    def _occupy(self, after: float) -> None:
        self._busy_from = after + self._random.expovariate(1 / self._free)
        self._busy_until = self._busy_from + self._random.expovariate(1 / self._busy)
