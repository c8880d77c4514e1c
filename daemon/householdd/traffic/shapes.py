"""Traffic shapes. A shape is stateless."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

BURST_TICK_S = 0.01
"""Seconds: 25 Mbit/s are sent in 31 kB, too little for a queue to notice."""

BULK_TICK_S = 0.005
"""Shortest interval of bulk, in seconds; 625 kB at 1000 Mbit/s."""

MAX_BULK_TICK_S = 1 / 64
"""Longest interval of bulk, in seconds; the kernel spreads the packets of a portion over it."""

BULK_PORTION_BYTES = 25_000
"""Portion of bulk between its shortest and its longest interval: each wakes the worker, whatever its size."""

PACING_FACTOR = 1.2
"""Rate at which the kernel may send a portion of bulk, as a multiple of the shape's: headers fit in, and what waited
for the event loop is made up for."""

SLACK_TICKS = 1e-6
"""Fraction of a tick by which a timer may be early, in floating point."""


class Shape(Protocol):
    """Bytes due as a function of the seconds since traffic began."""

    @property
    def mean_bps(self) -> float:
        """In bit/s, long-term."""
        ...

    @property
    def peak_bps(self) -> float:
        """In bit/s, over a tick."""
        ...

    @property
    def longest_gap_s(self) -> float:
        """In seconds; 0 if there are none."""
        ...

    @property
    def portion_bytes(self) -> int:
        """Bytes of a tick, rounded up."""
        ...

    @property
    def wanted_late_s(self) -> float:
        """Seconds of the peak rate that are still wanted when they are late; 0 for what is then of no use."""
        ...

    @property
    def pacing_bps(self) -> float:
        """Greatest rate within a portion, in bit/s; infinite if a portion leaves at once."""
        ...

    def bytes_by(self, elapsed: float) -> int:
        """Return the bytes due up to ``elapsed``; never decreases."""
        ...

    def next_after(self, elapsed: float) -> float:
        """Return the next time with bytes due, if a tick is at least one byte."""
        ...

    def limited(self, rate_bps: float) -> Shape:
        """``rate_bps`` must be below the peak."""
        ...


@dataclass(frozen=True, slots=True)
class Silent:
    """No traffic."""

    mean_bps: float = 0.0
    peak_bps: float = 0.0
    longest_gap_s: float = 0.0
    portion_bytes: int = 0
    wanted_late_s: float = 0.0
    pacing_bps: float = math.inf

    def bytes_by(self, elapsed: float) -> int:  # noqa: ARG002 - the protocol's signature
        return 0

    def next_after(self, elapsed: float) -> float:  # noqa: ARG002 - the protocol's signature
        return math.inf

    def limited(self, rate_bps: float) -> Silent:  # noqa: ARG002 - the protocol's signature
        return self


@dataclass(frozen=True)
class Constant:
    """Equal portions: a game's updates, a call's frames."""

    rate_bps: float
    tick_hz: float

    @property
    def mean_bps(self) -> float:
        return self.rate_bps

    @property
    def peak_bps(self) -> float:
        return self.rate_bps

    @property
    def longest_gap_s(self) -> float:
        return 1 / self.tick_hz

    @property
    def portion_bytes(self) -> int:
        return math.ceil(self.rate_bps / 8 / self.tick_hz)

    @property
    def wanted_late_s(self) -> float:
        return 0.0

    @property
    def pacing_bps(self) -> float:
        return math.inf

    def bytes_by(self, elapsed: float) -> int:
        """Count whole ticks; fractions of a byte carry over."""
        return int(_ticks(elapsed, self.tick_hz) * self.rate_bps / 8 / self.tick_hz)

    def next_after(self, elapsed: float) -> float:
        return (_ticks(elapsed, self.tick_hz) + 1) / self.tick_hz

    def limited(self, rate_bps: float) -> Constant:
        return replace(self, rate_bps=rate_bps)


@dataclass(frozen=True)
class Bulk(Constant):
    """A computer that pulls updates. The slower it is, the fewer portions, and the longer each is spread."""

    @property
    def pacing_bps(self) -> float:
        # Short intervals need none, and pacing costs a timer of the kernel for each segment.
        return PACING_FACTOR * self.rate_bps if self.longest_gap_s > BULK_TICK_S else math.inf

    def limited(self, rate_bps: float) -> Bulk:
        return bulk(rate_bps)


@dataclass(frozen=True)
class Burst:
    """``on`` seconds of traffic, ``off`` seconds without: a video player that fills its buffer."""

    rate_bps: float
    on: float
    off: float

    @property
    def mean_bps(self) -> float:
        return self.rate_bps * self.on / (self.on + self.off)

    @property
    def peak_bps(self) -> float:
        return self.rate_bps

    @property
    def longest_gap_s(self) -> float:
        return self.off + BURST_TICK_S

    @property
    def portion_bytes(self) -> int:
        return math.ceil(self.rate_bps / 8 * BURST_TICK_S)

    @property
    def wanted_late_s(self) -> float:
        # A player goes on to load the segments of a burst, however slow the line is.
        return self.on

    @property
    def pacing_bps(self) -> float:
        return math.inf

    def bytes_by(self, elapsed: float) -> int:
        bursts, ticks = self._position(elapsed)
        # Whole bytes, so that bursts round alike.
        burst_bytes = int(self.on * self.rate_bps / 8)
        if ticks == self._ticks_on:
            return (bursts + 1) * burst_bytes
        return bursts * burst_bytes + min(int(ticks * BURST_TICK_S * self.rate_bps / 8), burst_bytes)

    def next_after(self, elapsed: float) -> float:
        period = self.on + self.off
        bursts, ticks = self._position(elapsed)
        if ticks < self._ticks_on:
            return bursts * period + min((ticks + 1) * BURST_TICK_S, self.on)
        return (bursts + 1) * period + min(BURST_TICK_S, self.on)

    def limited(self, rate_bps: float) -> Burst:
        return replace(self, rate_bps=rate_bps)

    @property
    def _ticks_on(self) -> int:
        # The end of a burst may cut its last tick short.
        return math.ceil(self.on / BURST_TICK_S - SLACK_TICKS)

    def _position(self, elapsed: float) -> tuple[int, int]:
        bursts, within = divmod(max(elapsed, 0.0), self.on + self.off)
        over = within + SLACK_TICKS * BURST_TICK_S >= self.on
        return int(bursts), self._ticks_on if over else _ticks(within, 1 / BURST_TICK_S)


def bulk(rate_bps: float) -> Bulk:
    """Return bulk with the interval for its rate."""
    interval = min(max(BULK_PORTION_BYTES * 8 / rate_bps, BULK_TICK_S), MAX_BULK_TICK_S)
    return Bulk(rate_bps, 1 / interval)


def _ticks(elapsed: float, hertz: float) -> int:
    return int(max(elapsed, 0.0) * hertz + SLACK_TICKS)
