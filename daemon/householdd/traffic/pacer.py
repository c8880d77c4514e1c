"""A shape set going: what is due now, what was taken, and what is given up after a stall."""

from __future__ import annotations

import math

from householdd.traffic.shapes import Shape

CATCH_UP_S = 0.25
"""Seconds of peak rate that may be made up after a stall. What was missed beyond that is dropped, never sent as a
flood: one control pass, so a busy moment of the server costs no rate and a dead line gets no burst on its return."""

UPLOAD_CATCH_UP_S = 1.0
"""The same for uploads, which are asked for once a control pass and one pass ahead: two passes must fit in it, and the
frame that is cut between them."""

REACH_S = 1.0
"""Greatest seconds between two looks at an idle direction."""


class Pacer:
    """Paces one direction of one session."""

    def __init__(self, shape: Shape, now: float, catch_up: float = CATCH_UP_S) -> None:
        """``catch_up`` is seconds of peak rate."""
        self._catch_up = catch_up
        self._began = now
        self._wish: float | None = None
        """Peak rate in bit/s that was asked for last; it holds for whatever shape comes."""
        self.dropped = 0
        """Bytes given up because they could not be sent in time."""
        self.skipped = 0
        """Those of ``dropped`` that became due behind a shut gate, or before a lower rate was asked for."""
        self.missed = 0
        """Those of ``dropped`` that nobody asked for in time, though all that was due before had been taken."""
        self.taken = 0
        """All bytes that were taken."""
        self._left = 0
        """Bytes of the last answer that were not taken."""
        self.cap = math.inf
        """Peak rate in bit/s that budgets leave."""
        self._follow(shape, now)

    @property
    def capped(self) -> bool:
        """Whether a budget holds the rate below what is wanted."""
        return self._paced is not self.shape

    def due(self, now: float) -> int:
        """Bytes to send now. What is overdue by more than the catch-up is dropped first."""
        total = self._paced.bytes_by(now - self._began)
        excess = total - self._settled - self._greatest_due
        if excess > 0:
            self.dropped += excess
            self._settled += excess
            if self._left <= 0:
                self.missed += excess
        # Bytes taken ahead of their time are no debt.
        self._left = count = max(total - self._settled, 0)
        return count

    def take(self, count: int) -> None:
        """Notes that ``count`` of the due bytes are under way."""
        self.taken += count
        self._settled += count
        self._left -= count

    def offered(self, now: float) -> int:
        """All bytes that were due up to now: taken, dropped, or still due."""
        return self.taken + self.dropped + max(self._paced.bytes_by(now - self._began) - self._settled, 0)

    def demand(self, now: float, ahead: float) -> float:
        """The peak rate in bit/s, where something is due within ``ahead`` seconds, whatever budgets leave; else 0."""
        at = now - self._began
        return self.shape.peak_bps if self.shape.bytes_by(at + ahead) > self.shape.bytes_by(at) else 0.0

    def skip(self, now: float) -> None:
        """Drops all that is due now: the gate was shut while it became due."""
        self._skip(max(self._paced.bytes_by(now - self._began) - self._settled, 0))
        self._left = 0

    def next_at(self, now: float) -> float:
        """When to ask again: the next tick of the shape, or in ``REACH`` seconds where there is none."""
        at = self._began + self._paced.next_after(now - self._began)
        return min(at, now + REACH_S)

    def limit(self, rate_bps: float, now: float) -> None:
        """Lowers the rate to ``rate_bps`` where that is below the shape's own; never raises it."""
        if rate_bps < self.shape.peak_bps:
            self._wish = rate_bps
            self.skip(now)
            self._follow(self.shape.limited(rate_bps), now)

    def reshape(self, shape: Shape, now: float) -> None:
        """Follows another shape from now on, as far as the limit that was asked for lets it."""
        self.skip(now)
        limited = self._wish is not None and self._wish < shape.peak_bps
        self._follow(shape.limited(self._wish) if limited and self._wish else shape, now)

    def hold(self, rate_bps: float, now: float) -> None:
        """Keeps the peak rate below ``rate_bps`` until the next call; infinity lets it go. A wish stands beside it.

        What is due stays due, and what was taken ahead of its time stays taken, so that a cap may change often.
        """
        before, self.cap = min(self.cap, self.shape.peak_bps), rate_bps
        if before == min(rate_bps, self.shape.peak_bps):
            return
        debt = self._paced.bytes_by(now - self._began) - self._settled
        self._pace(now)
        self._settled -= debt
        self._skip(max(debt - self._greatest_due, 0))

    def _skip(self, count: int) -> None:
        self.dropped += count
        self.skipped += count
        self._settled += count

    def _follow(self, shape: Shape, now: float) -> None:
        self.shape = shape
        """What is wanted, as far as budgets let it."""
        self._pace(now)

    def _pace(self, now: float) -> None:
        self._paced = paced = self.shape if self.cap >= self.shape.peak_bps else self.shape.limited(self.cap)
        # Bytes of the shape that were taken or dropped. Its time runs on: a series of limits is no series of bursts.
        self._settled = paced.bytes_by(now - self._began)
        # A tick's portion passes whole, however seldom the ticks; portions differ by a byte.
        portion = paced.bytes_by(paced.next_after(0.0)) + 1
        self._greatest_due = max(math.ceil(paced.peak_bps / 8 * self._catch_up), portion)
