"""Is there a live client? Judged from what was received, never from what was sent."""

from __future__ import annotations

import msgspec

from householdd.measure.round_trip import RoundTrip
from householdd.session.close_reason import CloseReason
from householdd.session.inactivity import Inactivity
from householdd.session.states import EvidenceKind, Verdict
from householdd.settings.definitions import Timeouts

HEARTBEAT_S = 0.5
"""Seconds between two pings of a session. A live client on an unloaded line gives evidence at least this often."""


class Kernel(msgspec.Struct, frozen=True):
    """What the kernel says of a connection."""

    acked: int
    """Grows whenever the peer acknowledges something new, in order or not."""
    ack_age: float
    """Seconds since the last acknowledgement of any kind."""
    stuck: bool
    """Data waits and none is in flight: the peer's window is shut. A probe behind it was never sent."""


class Liveness:
    """The evidence of one session, and the verdict it allows at any time.

    Three tiers: an acknowledgement proves the peer's kernel, a pong its WebSocket, a message its application. Any of
    them keeps payload flowing. Only the upper two are answers, and only answers hold off the inactivity timeout.
    """

    def __init__(self, expected_gap: float, now: float, *, acks_answer: bool = False) -> None:
        """``expected_gap`` is the seconds between answers that the profile lets expect.

        ``acks_answer`` is for a client that has no way to answer but to acknowledge.
        """
        self._acks_answer = acks_answer
        self.last_evidence_at = now
        """When the last evidence came in; moves on evidence only."""
        self.last_evidence_kind = EvidenceKind.HANDSHAKE
        self.last_answer_at = now
        """When the last pong or message came in."""
        self.failures = 0
        """Probes in a row that went unanswered."""
        self.failed = 0
        """Probes in all that went unanswered."""
        self.round_trip = RoundTrip()
        self.activity = Inactivity(max(expected_gap, HEARTBEAT_S), now)
        self._acked: int | None = None
        self._stuck = False

    def evidence(self, kind: EvidenceKind, now: float) -> None:
        """Takes something received from the client."""
        self.last_evidence_kind = kind
        self.last_evidence_at = max(self.last_evidence_at, now)
        self.failures = 0
        self.last_answer_at = self.last_evidence_at
        self.activity.answered(self.last_answer_at, HEARTBEAT_S / 2)

    def acknowledged(self, kernel: Kernel, now: float) -> bool:
        """Takes the kernel's report; whether it is evidence: something was acknowledged that was not before."""
        progress = self._acked is not None and kernel.acked > self._acked
        self._acked, self._stuck = kernel.acked, kernel.stuck
        at = now - kernel.ack_age
        if not progress or at <= self.last_evidence_at:
            return False
        self.last_evidence_kind = EvidenceKind.ACK
        self.last_evidence_at = at
        self.failures = 0
        if self._acks_answer:
            self.last_answer_at = at
        return True

    def probe_timeout(self, timeouts: Timeouts) -> float:
        """Seconds without evidence after which the gate is shut, and each further probe has failed.

        Follows the session's own round trips: the customer whose line is worst is not the one to be thrown out.
        """
        ceiling = max(timeouts.probe_timeout, timeouts.probe_timeout_ceiling)
        return self.round_trip.timeout(timeouts.probe_timeout, ceiling)

    def inactivity_timeout(self, timeouts: Timeouts) -> float:
        """Seconds without an answer after which the session is closed; follows the client's own pattern."""
        return self.activity.timeout(timeouts.inactivity_floor, timeouts.inactivity)

    def fresh(self, timeouts: Timeouts, now: float) -> bool:
        """Whether payload may flow: the last evidence is younger than the probe timeout."""
        age = now - self.last_evidence_at
        # Never shorter than the first, which is at hand: this is asked for every portion of payload.
        return age < timeouts.probe_timeout or age < self.probe_timeout(timeouts)

    def verdict(self, timeouts: Timeouts, now: float) -> Verdict:
        """What the evidence says."""
        overdue = self.probe_timeout(timeouts) + HEARTBEAT_S
        if now - self.last_answer_at < overdue:
            return Verdict.LIVE
        return Verdict.FROZEN if self._stuck or self.fresh(timeouts, now) else Verdict.SILENT

    def judge(self, timeouts: Timeouts, now: float) -> CloseReason | None:
        """Counts the probes that have failed by now; the reason to close the session, if there is one.

        The first probe timeout shuts the gate; each one after it is a failed probe. A probe behind a shut window was
        never sent, so it cannot fail: that client is left to the inactivity timeout, and costs nothing meanwhile.
        """
        silence, age = now - self.last_answer_at, now - self.last_evidence_at
        # Neither timeout is ever shorter than its least, which is at hand: every pass asks this of every session.
        least = min(timeouts.inactivity_floor, timeouts.inactivity)
        if silence >= least and silence >= self.inactivity_timeout(timeouts):
            return CloseReason.INACTIVE
        failures = 0
        if age >= timeouts.probe_timeout and not self._stuck:
            failures = max(int(age / self.probe_timeout(timeouts)) - 1, 0)
        self.failed += max(failures - self.failures, 0)
        self.failures = failures
        return CloseReason.PROBES_FAILED if self.failures >= timeouts.probe_failures else None
