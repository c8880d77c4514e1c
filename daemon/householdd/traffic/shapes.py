"""Traffic shapes: which bytes are due at which time. A shape knows no session and keeps no state."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

BURST_TICK_S = 0.01
"""Seconds between two looks at a burst: fine enough that 25 Mbit/s come as 31 kB, not as lumps a queue would feel."""

BULK_TICK_S = 0.005
"""Seconds between two looks at a bulk transfer; at 1000 Mbit/s a tick is 625 kB."""

SLACK_S = 1e-6
"""Part of a tick by which it may come early: a timer that fires exactly on its tick may read so in floating point."""


class Shape(Protocol):
    """Bytes due as a function of the time since the session's traffic began, in seconds."""

    @property
    def mean_bps(self) -> float:
        """Mean rate in bit/s over a long time."""
        ...

    @property
    def peak_bps(self) -> float:
        """Greatest rate in bit/s over a tick."""
        ...

    @property
    def longest_gap(self) -> float:
        """Greatest seconds between two portions; 0 where there are none."""
        ...

    def bytes_by(self, elapsed: float) -> int:
        """Bytes due from the beginning up to ``elapsed``; never decreases."""
        ...

    def next_after(self, elapsed: float) -> float:
        """The first time later than ``elapsed`` at which more bytes are due, if a tick holds as much as one."""
        ...

    def limited(self, rate_bps: float) -> Shape:
        """The same shape with its peak lowered to ``rate_bps``, which is below it."""
        ...


@dataclass(frozen=True, slots=True)
class Silent:
    """No traffic at all in this direction."""

    mean_bps: float = 0.0
    peak_bps: float = 0.0
    longest_gap: float = 0.0

    def bytes_by(self, elapsed: float) -> int:  # noqa: ARG002 - the protocol's signature
        """None, ever."""
        return 0

    def next_after(self, elapsed: float) -> float:  # noqa: ARG002 - the protocol's signature
        """Never."""
        return math.inf

    def limited(self, rate_bps: float) -> Silent:  # noqa: ARG002 - the protocol's signature
        """Still silent."""
        return self


@dataclass(frozen=True)
class Constant:
    """``rate_bps`` in equal portions, ``tick_hz`` of them a second: a game's updates, a call's frames."""

    rate_bps: float
    tick_hz: float

    @property
    def mean_bps(self) -> float:
        """The rate itself."""
        return self.rate_bps

    @property
    def peak_bps(self) -> float:
        """The rate itself."""
        return self.rate_bps

    @property
    def longest_gap(self) -> float:
        """A tick."""
        return 1 / self.tick_hz

    def bytes_by(self, elapsed: float) -> int:
        """Whole ticks only; fractions of a byte carry over to later ticks."""
        return int(_ticks(elapsed, self.tick_hz) * self.rate_bps / 8 / self.tick_hz)

    def next_after(self, elapsed: float) -> float:
        """The next tick."""
        return (_ticks(elapsed, self.tick_hz) + 1) / self.tick_hz

    def limited(self, rate_bps: float) -> Constant:
        """Smaller portions at the same ticks."""
        return replace(self, rate_bps=rate_bps)


@dataclass(frozen=True)
class Burst:
    """``rate_bps`` for ``on`` seconds, then nothing for ``off`` seconds: a video player that fills its buffer."""

    rate_bps: float
    on: float
    off: float

    @property
    def mean_bps(self) -> float:
        """Mean over whole periods."""
        return self.rate_bps * self.on / (self.on + self.off)

    @property
    def peak_bps(self) -> float:
        """The rate while it is on."""
        return self.rate_bps

    @property
    def longest_gap(self) -> float:
        """The silence, and the tick behind it."""
        return self.off + BURST_TICK_S

    def bytes_by(self, elapsed: float) -> int:
        """All past bursts and the ticks of the one under way."""
        bursts, ticks = self._place(elapsed)
        # Each burst has whole bytes, so that its end and the next one's beginning cannot round apart.
        burst_bytes = int(self.on * self.rate_bps / 8)
        if ticks == self._ticks_on:
            return (bursts + 1) * burst_bytes
        return bursts * burst_bytes + min(int(ticks * BURST_TICK_S * self.rate_bps / 8), burst_bytes)

    def next_after(self, elapsed: float) -> float:
        """The next tick of the burst under way, or the first of the next burst."""
        period = self.on + self.off
        bursts, ticks = self._place(elapsed)
        if ticks < self._ticks_on:
            return bursts * period + min((ticks + 1) * BURST_TICK_S, self.on)
        return (bursts + 1) * period + min(BURST_TICK_S, self.on)

    def limited(self, rate_bps: float) -> Burst:
        """Slower bursts at the same times."""
        return replace(self, rate_bps=rate_bps)

    @property
    def _ticks_on(self) -> int:
        # The last tick of a burst may be cut short by its end.
        return math.ceil(self.on / BURST_TICK_S - SLACK_S)

    def _place(self, elapsed: float) -> tuple[int, int]:
        """Bursts before the one under way, and that one's ticks by now."""
        bursts, within = divmod(max(elapsed, 0.0), self.on + self.off)
        over = within + SLACK_S * BURST_TICK_S >= self.on
        return int(bursts), self._ticks_on if over else _ticks(within, 1 / BURST_TICK_S)


def bulk(rate_bps: float) -> Constant:
    """As much as the line takes, up to ``rate_bps``: a computer that pulls updates."""
    return Constant(rate_bps, 1 / BULK_TICK_S)


def _ticks(elapsed: float, hertz: float) -> int:
    return int(max(elapsed, 0.0) * hertz + SLACK_S)
