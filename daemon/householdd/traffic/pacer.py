"""Paces payload by a shape."""

from __future__ import annotations

import math

from householdd.traffic.shapes import Shape

CATCH_UP_S = 0.25
"""Seconds of peak rate made up after a stall; the rest is dropped.

One control pass: a busy server loses no rate, and a recovered line gets no burst.
"""

UPLOAD_CATCH_UP_S = 1.0
"""For uploads, requested a control pass ahead: two passes and the frame between them."""

MAX_IDLE_INTERVAL_S = 1.0
"""Seconds between ticks of an idle direction."""


class Pacer:
    """Paces one direction of one session."""

    def __init__(self, shape: Shape, now: float, catch_up: float = CATCH_UP_S) -> None:
        """``catch_up`` is in seconds of peak rate; a shape may want more."""
        self._catch_up = catch_up
        self._began = now
        self._requested_bps: float | None = None
        """In bit/s; applies to later shapes too."""
        self.dropped = 0
        """Bytes not sent in time."""
        self.skipped = 0
        """Part of ``dropped``, in bytes: due while the gate was shut, or before a lower rate was requested."""
        self.missed = 0
        """Part of ``dropped``, in bytes: not asked for in time, although all earlier bytes had been taken."""
        self.taken = 0
        self._left = 0
        """Bytes of the last ``due`` that were not taken."""
        self.cap = math.inf
        """In bit/s."""
        self._follow(shape, now)

    @property
    def capped(self) -> bool:
        return self._paced is not self.shape

    def due(self, now: float) -> int:
        """Return the bytes to send now; drop what is overdue by more than the catch-up."""
        total = self._paced.bytes_by(now - self._began)
        excess = total - self._accounted - self._max_due
        if excess > 0:
            self.dropped += excess
            self._accounted += excess
            if self._left <= 0:
                self.missed += excess
        # Bytes may have been taken early.
        self._left = count = max(total - self._accounted, 0)
        return count

    def take(self, count: int) -> None:
        self.taken += count
        self._accounted += count
        self._left -= count

    def offered(self, now: float) -> int:
        """Return bytes taken, dropped, or still due."""
        return self.taken + self.dropped + max(self._paced.bytes_by(now - self._began) - self._accounted, 0)

    def demand(self, now: float, ahead: float) -> float:
        """Return the peak rate in bit/s if bytes become due within ``ahead`` seconds, else 0; ignores budgets."""
        at = now - self._began
        return self.shape.peak_bps if self.shape.bytes_by(at + ahead) > self.shape.bytes_by(at) else 0.0

    def skip(self, now: float) -> None:
        self._skip(max(self._paced.bytes_by(now - self._began) - self._accounted, 0))
        self._left = 0

    def next_at(self, now: float) -> float:
        """Return the next tick, at most ``MAX_IDLE_INTERVAL_S`` ahead."""
        at = self._began + self._paced.next_after(now - self._began)
        return min(at, now + MAX_IDLE_INTERVAL_S)

    def limit(self, rate_bps: float, now: float) -> None:
        """Lower the rate; never raise it above the shape's."""
        if rate_bps < self.shape.peak_bps:
            self._requested_bps = rate_bps
            self.skip(now)
            self._follow(self.shape.limited(rate_bps), now)

    def reshape(self, shape: Shape, now: float) -> None:
        """Keep the rate requested by the client."""
        self.skip(now)
        limited = self._requested_bps is not None and self._requested_bps < shape.peak_bps
        self._follow(shape.limited(self._requested_bps) if limited and self._requested_bps else shape, now)

    def set_cap(self, rate_bps: float, now: float) -> None:
        """Cap the peak rate until the next call; infinity removes the cap.

        Bytes due stay due, and bytes taken ahead stay taken, so a cap may change often.
        """
        before, self.cap = min(self.cap, self.shape.peak_bps), rate_bps
        if before == min(rate_bps, self.shape.peak_bps):
            return
        debt = self._paced.bytes_by(now - self._began) - self._accounted
        self._pace(now)
        self._accounted -= debt
        self._skip(max(debt - self._max_due, 0))

    def _skip(self, count: int) -> None:
        self.dropped += count
        self.skipped += count
        self._accounted += count

    def _follow(self, shape: Shape, now: float) -> None:
        self.shape = shape
        self._pace(now)

    def _pace(self, now: float) -> None:
        self._paced = paced = self.shape if self.cap >= self.shape.peak_bps else self.shape.limited(self.cap)
        # Bytes taken or dropped. Time is not reset, so that repeated limits cause no bursts.
        self._accounted = paced.bytes_by(now - self._began)
        # A whole portion may always pass; portions differ by a byte.
        portion = paced.bytes_by(paced.next_after(0.0)) + 1
        catch_up = max(self._catch_up, paced.wanted_late_s)
        self._max_due = max(math.ceil(paced.peak_bps / 8 * catch_up), portion)
