"""Round trips of one connection as the server's kernel measures them, sampled while the session lives.

No browser, event loop or timer of the client is in them: the client's kernel acknowledges. TCP's round trip is smoothed
(RFC 6298: each acknowledgement moves it by an eighth), so a connection with few packets lags behind the line.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass

from household_scoring.latency import LatencyFigures, latency_figures

SAMPLE_INTERVAL_S = 0.05
"""Seconds between two samples."""

WINDOW_S = 0.25
"""Seconds that a sample is the mean of: the period in which the household uploads (``PASS_INTERVAL_S``). On a slow
uplink acknowledgements wait behind each portion and then come at once, so that the round trips of single packets swing
by half with this period, around what the line adds."""

MAX_SAMPLES = 6000
"""Most samples of a session: five minutes, its longest duration by default. The first ones are kept."""

MAX_UNTOLD = 100
"""Most samples in one message to the client: five seconds. Older ones are left out."""


@dataclass(frozen=True)
class KernelSamples:
    """Samples of a session, each list as long as the other."""

    at_s: array[float]
    """Seconds since the session opened."""
    ms: array[float]

    def figures(self, from_s: float, until_s: float) -> LatencyFigures:
        """Return the figures of the samples from one moment to before the other."""
        return latency_figures(self.ms[bisect_left(self.at_s, from_s) : bisect_left(self.at_s, until_s)], None)


class KernelWitness:
    """A bounded series of round trips in milliseconds. A sample takes 8 bytes."""

    __slots__ = ("_at", "_delivered", "_ms", "_told")

    def __init__(self) -> None:
        self._at = array("f")
        """Seconds since the session opened."""
        self._ms = array("f")
        """Readings; a sample is the mean of a window of them."""
        self._delivered = -1
        """Segments acknowledged by the latest sample; -1 before the first."""
        self._told = 0
        """Samples that the client has."""

    def add(self, at: float, round_trip_us: int, delivered: int) -> bool:
        """Take a reading ``at`` seconds after the opening; ``delivered`` are the segments acknowledged so far.

        Return whether it is a sample. Without a further acknowledgement the reading is the previous one again, however
        old, and is none.
        """
        fresh = round_trip_us > 0 and delivered != self._delivered and self._delivered >= 0
        self._delivered = delivered
        if fresh and len(self._ms) < MAX_SAMPLES:
            self._at.append(at)
            self._ms.append(round_trip_us / 1e3)
        return fresh

    @property
    def count(self) -> int:
        return len(self._ms)

    def figures(self, until: float | None = None) -> LatencyFigures:
        """Return the figures of all samples, or of those before ``until``, in seconds since the opening."""
        end = self.count if until is None else bisect_left(self._at, until)
        return latency_figures(self._means(0, end), None)

    def samples(self) -> KernelSamples:
        return KernelSamples(self._at[:], array("f", self._means(0, self.count)))

    def untold(self) -> list[float]:
        """Return the samples since the last call, in milliseconds, to two decimals."""
        count = self.count
        new = [round(each, 2) for each in self._means(max(self._told, count - MAX_UNTOLD), count)]
        self._told = count
        return new

    def _means(self, start: int, end: int) -> list[float]:
        """Return the samples from ``start`` to before ``end``."""
        at, ms, means = self._at, self._ms, []
        first = bisect_left(at, at[start] - WINDOW_S) if start < end else 0
        total = sum(ms[first:start])
        for last in range(start, end):
            total += ms[last]
            # Half an interval of tolerance: the times are those of a timer.
            while at[last] - at[first] > WINDOW_S - SAMPLE_INTERVAL_S / 2:
                total -= ms[first]
                first += 1
            means.append(total / (last + 1 - first))
        return means
