"""Bound on payload that reached the client and that its application has not taken yet, by its own confirmations.

A browser that cannot keep up queues what came in, and its messages wait in that queue. It is slowed instead, so that
the queue does not become the measured delay. A client that confirms too much gains nothing: only proven bytes count.
"""

from __future__ import annotations

import math

MAX_BACKLOG_S = 0.5
"""Seconds of the session's rate that may wait in the client."""

MIN_BACKLOG_BYTES = 128 * 1024
"""Bytes that may wait in a client at any rate; a browser reads as much at a time."""

GROWTH = 4.0
"""Bytes until the next confirmation, as a multiple of those taken since the last one: TCP doubles in a round trip."""

GROWTH_BEHIND = 1.25
"""The same for a client that was behind, so that it is not drowned again."""

PACED_BUDGET_S = 1.0
"""Seconds of a paced session's peak rate that may follow a confirmation at least: a burst begins from nothing, and the
page confirms each half second."""

MAX_LIMITED_SHARE = 1 / 20
"""Share of control passes from which the client limited the session."""

MIN_BUDGET_BYTES = 16 * 1024
"""Bytes that a client gets between two confirmations at least, so that it goes on confirming."""


class Consumption:
    """What one client confirmed, and how many bytes it may have until it confirms more.

    A client is bound from its second confirmation on: before, and where there is none, pongs alone count.
    """

    __slots__ = ("_confirmed", "_passes", "_passes_behind", "behind", "limit")

    def __init__(self) -> None:
        self._confirmed: float | None = None
        """Bytes of the latest confirmation; None before the first."""
        self.limit = math.inf
        """Sent bytes beyond which nothing may follow before the next confirmation."""
        self.behind = False
        """Whether the latest confirmation left more in the client than may wait there."""
        self._passes = 0
        self._passes_behind = 0

    def note_pass(self) -> None:
        """Count a control pass."""
        self._passes += 1
        self._passes_behind += self.behind

    @property
    def limited(self) -> bool:
        """Whether the client was the limit in more than one control pass, and in more than 1 in 20."""
        return self._passes_behind > 1 and self._passes_behind > self._passes * MAX_LIMITED_SHARE

    def confirmed(self, total: float, sent: int, proven: int, rate_bps: float, paced_bps: float = 0.0) -> None:
        """Take a confirmation of ``total`` received bytes; ``sent`` were sent, and ``proven`` are known to be there.

        ``rate_bps`` is the session's rate of late, in bit/s, and ``paced_bps`` its peak rate; 0 for a bulk session,
        whose peak says nothing. What cannot be true is ignored.
        """
        before = self._confirmed
        if not 0 <= total <= sent or (before is not None and total < before):
            return
        self._confirmed = total
        if before is None:
            return
        most = max(MAX_BACKLOG_S * max(rate_bps, paced_bps) / 8, MIN_BACKLOG_BYTES)
        backlog = proven - total
        self.behind = backlog > most
        if self.behind:
            # As much as the client took of late, less what shrinks its backlog to half of the bound.
            self.limit = sent + max(total - before - (backlog - most / 2), MIN_BUDGET_BYTES)
        else:
            growth = GROWTH_BEHIND if self._passes_behind else GROWTH
            self.limit = sent + max(growth * (total - before), PACED_BUDGET_S * paced_bps / 8, MIN_BACKLOG_BYTES)
