"""Traffic shapes: which bytes are due at which time. A shape is stateless."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

BURST_TICK_S = 0.01
"""Tick of a burst, in seconds: 25 Mbit/s are sent in 31 kB, too little for a queue to notice."""

BULK_TICK_S = 0.005
"""Tick of a bulk transfer, in seconds; at 1000 Mbit/s it is 625 kB."""

SLACK_TICKS = 1e-6
"""Fraction of a tick by which it may be early: a timer that fires on its tick may read slightly less in floating
point."""


class Shape(Protocol):
    """Bytes due as a function of the time since the session's traffic began, in seconds."""

    @property
    def mean_bps(self) -> float:
        """Long-term mean rate, in bit/s."""
        ...

    @property
    def peak_bps(self) -> float:
        """Peak rate over a tick, in bit/s."""
        ...

    @property
    def longest_gap_s(self) -> float:
        """Longest time between two portions, in seconds; 0 if there are none."""
        ...

    def bytes_by(self, elapsed: float) -> int:
        """Return the bytes due from the begin to ``elapsed``; never decreases."""
        ...

    def next_after(self, elapsed: float) -> float:
        """Return the first time after ``elapsed`` at which more bytes are due, if a tick is at least one byte."""
        ...

    def limited(self, rate_bps: float) -> Shape:
        """Return the shape with its peak lowered to ``rate_bps``, which must be below it."""
        ...


@dataclass(frozen=True, slots=True)
class Silent:
    """No traffic."""

    mean_bps: float = 0.0
    peak_bps: float = 0.0
    longest_gap_s: float = 0.0

    def bytes_by(self, elapsed: float) -> int:  # noqa: ARG002 - the protocol's signature
        return 0

    def next_after(self, elapsed: float) -> float:  # noqa: ARG002 - the protocol's signature
        return math.inf

    def limited(self, rate_bps: float) -> Silent:  # noqa: ARG002 - the protocol's signature
        return self


@dataclass(frozen=True)
class Constant:
    """``rate_bps`` in equal portions, ``tick_hz`` per second: a game's updates, a call's frames."""

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

    def bytes_by(self, elapsed: float) -> int:
        """Count whole ticks; fractions of a byte carry over."""
        return int(_ticks(elapsed, self.tick_hz) * self.rate_bps / 8 / self.tick_hz)

    def next_after(self, elapsed: float) -> float:
        return (_ticks(elapsed, self.tick_hz) + 1) / self.tick_hz

    def limited(self, rate_bps: float) -> Constant:
        return replace(self, rate_bps=rate_bps)


@dataclass(frozen=True)
class Burst:
    """``rate_bps`` for ``on`` seconds, then nothing for ``off`` seconds: a video player that fills its buffer."""

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
        """The pause, and one tick."""
        return self.off + BURST_TICK_S

    def bytes_by(self, elapsed: float) -> int:
        """Count all past bursts, and the ticks of the current one."""
        bursts, ticks = self._position(elapsed)
        # A burst has whole bytes, so that the end of one and the begin of the next round alike.
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
        """Return the number of past bursts, and the ticks of the current one."""
        bursts, within = divmod(max(elapsed, 0.0), self.on + self.off)
        over = within + SLACK_TICKS * BURST_TICK_S >= self.on
        return int(bursts), self._ticks_on if over else _ticks(within, 1 / BURST_TICK_S)


def bulk(rate_bps: float) -> Constant:
    """Return the shape of a computer that pulls updates: as much as the line takes, up to ``rate_bps``."""
    return Constant(rate_bps, 1 / BULK_TICK_S)


def _ticks(elapsed: float, hertz: float) -> int:
    return int(max(elapsed, 0.0) * hertz + SLACK_TICKS)
