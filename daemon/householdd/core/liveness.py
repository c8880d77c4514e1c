"""Is there a live client? Judged from what was received, never from what was sent."""

from __future__ import annotations

from householdd.core.settings import Timeouts
from householdd.core.vocabulary import CloseReason, EvidenceKind

HEARTBEAT = 0.5
"""Seconds between two pings of a session. A live client on an unloaded line gives evidence at least this often."""

STRETCH_LIMIT = 10.0
"""Seconds beyond which a slow line no longer stretches the probe timeout."""


class Liveness:
    """The evidence of one session, and the verdict it allows at any time."""

    def __init__(self, now: float) -> None:
        self.last_evidence_at = now
        """When the last evidence came in; moves on evidence only."""
        self.last_evidence_kind = EvidenceKind.HANDSHAKE
        self.failures = 0
        """Probes in a row that went unanswered."""
        self.round_trip: float | None = None
        """Latest round trip in seconds."""
        self._probe_began_at = now

    def evidence(self, kind: EvidenceKind, now: float) -> None:
        """Takes something received from the client."""
        self.last_evidence_at = now
        self.last_evidence_kind = kind
        self.failures = 0
        self._probe_began_at = now

    def probe_timeout(self, timeouts: Timeouts) -> float:
        """Seconds without evidence after which a probe has failed.

        The configured time, stretched where the session's own round trip is long: an answer to a ping sent one
        heartbeat after the last evidence needs that heartbeat and the round trip, and a queue may double meanwhile.
        The customer whose line is worst is not the one to be thrown out.
        """
        stretched = HEARTBEAT + 2 * (self.round_trip or 0.0)
        return max(timeouts.probe_timeout, min(stretched, STRETCH_LIMIT))

    def fresh(self, timeouts: Timeouts, now: float) -> bool:
        """Whether payload may flow: the last evidence is younger than the probe timeout."""
        return self.failures == 0 and now - self.last_evidence_at < self.probe_timeout(timeouts)

    def judge(self, timeouts: Timeouts, now: float) -> CloseReason | None:
        """Counts a probe that failed by now; the reason to close the session, if there is one."""
        if now - self.last_evidence_at >= timeouts.inactivity:
            return CloseReason.INACTIVE
        if now - self._probe_began_at >= self.probe_timeout(timeouts):
            self.failures += 1
            self._probe_began_at = now
        if self.failures >= timeouts.probe_failures:
            return CloseReason.PROBES_FAILED
        return None
