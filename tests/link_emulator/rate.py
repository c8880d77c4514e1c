"""Rate of a link, constant or varying."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol


class Rate(Protocol):
    def finish(self, start: float, octets: int) -> float:
        """Return the time in seconds at which bytes are sent whose sending starts at ``start``."""


class ConstantRate:
    def __init__(self, bits_s: float) -> None:
        self._octets_s = bits_s / 8

    def finish(self, start: float, octets: int) -> float:
        return start + octets / self._octets_s


class RateTrace:
    """A rate that changes in steps and repeats: pairs of the step's length in seconds and its rate in bit/s.

    A rate may be 0, but not all. The trace begins at time 0.
    """

    def __init__(self, steps: Sequence[tuple[float, float]]) -> None:
        """Raise ValueError if a length or a rate is impossible."""
        if not steps or any(seconds <= 0 or bits_s < 0 for seconds, bits_s in steps):
            raise ValueError("a trace needs steps of more than 0 s with rates of 0 bit/s or more")
        if not any(bits_s for _, bits_s in steps):
            raise ValueError("a trace needs a rate above 0 bit/s")
        self._rates = [bits_s / 8 for _, bits_s in steps]
        self._times = [0.0, *accumulate(seconds for seconds, _ in steps)]
        self._sent = [0.0, *accumulate(seconds * bits_s / 8 for seconds, bits_s in steps)]
        """Bytes that pass from the trace's beginning until each of the times."""

    @property
    def mean(self) -> float:
        """Bits per second."""
        return 8 * self._sent[-1] / self._times[-1]

    def finish(self, start: float, octets: int) -> float:
        period, since = divmod(start, self._times[-1])
        step = bisect_right(self._times, since) - 1
        target = self._sent[step] + (since - self._times[step]) * self._rates[step] + octets
        periods, rest = divmod(target, self._sent[-1])
        # The first step by whose end all is sent, so that a following rate of 0 does not delay it.
        step = max(bisect_left(self._sent, rest) - 1, 0)
        while not self._rates[step]:
            step += 1
        return (period + periods) * self._times[-1] + self._times[step] + (rest - self._sent[step]) / self._rates[step]
