"""How long a client may stay silent: the pattern of its own answers."""

from __future__ import annotations

from householdd.measure.round_trip import RoundTrip

SILENCE_INTERVALS = 20
"""Gaps as long as this client's longest usual one, without an answer, after which it counts as inactive. At the usual
two answers a second that is about ten seconds; a client that answers once in a while has accordingly longer."""


class Inactivity:
    """Gaps between a client's answers, in seconds.

    ``expected`` is the gap that the session's profile lets expect; the observed ones take over as they come. Mean and
    deviation are kept as RFC 6298 keeps those of round trips: it is the same question of how late is too late.
    """

    def __init__(self, expected: float, now: float) -> None:
        self._gaps = RoundTrip()
        self._gaps.add(expected)
        self._last_at = now

    def answered(self, now: float, least_gap: float) -> None:
        """The client answered. Answers closer together than ``least_gap`` count as one: a burst is one sign of life."""
        gap = now - self._last_at
        if gap >= least_gap:
            self._gaps.add(gap)
            self._last_at = now

    def timeout(self, floor: float, ceiling: float) -> float:
        """Seconds of silence after which the client is inactive, within the bounds."""
        usual = self._gaps.timeout(0.0, ceiling)
        return min(max(SILENCE_INTERVALS * usual, floor), ceiling)
