"""Whether there is a live client: judged from received data, never from sent data."""

from __future__ import annotations

import msgspec

from householdd.measure.round_trip import RoundTrip
from householdd.session.close_reason import CloseReason
from householdd.session.states import EvidenceKind, Verdict
from householdd.settings.definitions import Timeouts

HEARTBEAT_S = 0.5
"""Time between two pings of a session, in seconds. A live client on an idle line gives evidence at least this often."""


SILENCE_INTERVALS = 20
"""Length of the silence after which a client is inactive, in its longest usual gaps between answers. At the usual two
answers a second it is about ten seconds; a client that answers rarely has longer."""


class Kernel(msgspec.Struct, frozen=True):
    """The kernel's report of a connection."""

    acked: int
    """Counter that grows whenever the peer acknowledges something new, in order or not."""
    ack_age: float
    """Seconds since the last acknowledgement of any kind."""
    stuck: bool
    """Whether data waits and none is in flight: the peer's window is shut, and a probe behind it was never sent."""


class Inactivity:
    """Gaps between a client's answers, in seconds.

    ``expected`` is the gap that the profile leads to expect; observed gaps replace it. Mean and deviation are those of
    RFC 6298 for round trips: the question is the same, how late is too late.
    """

    def __init__(self, expected: float, now: float) -> None:
        self._gaps = RoundTrip()
        self._gaps.add(expected)
        self._last_at = now

    def answered(self, now: float, least_gap: float) -> None:
        """Note an answer. Answers closer together than ``least_gap`` count as one: a burst is one sign of life."""
        gap = now - self._last_at
        if gap >= least_gap:
            self._gaps.add(gap)
            self._last_at = now

    def timeout(self, floor: float, ceiling: float) -> float:
        """Return the seconds of silence after which the client is inactive, within the bounds."""
        usual = self._gaps.timeout(0.0, ceiling)
        return min(max(SILENCE_INTERVALS * usual, floor), ceiling)


class Liveness:
    """The evidence of one session, and the verdict that follows from it.

    Evidence has three tiers: an acknowledgement proves the peer's kernel, a pong its WebSocket, a message its
    application. Each keeps payload flowing. Only pongs and messages are answers, and only answers hold off the
    inactivity timeout.
    """

    def __init__(self, expected_gap: float, now: float, *, acks_answer: bool = False) -> None:
        """``expected_gap`` is the time between answers that the profile leads to expect, in seconds.

        ``acks_answer`` is for a client that can only acknowledge.
        """
        self._acks_answer = acks_answer
        self.last_evidence_at = now
        """Time of the last evidence."""
        self.last_evidence_kind = EvidenceKind.HANDSHAKE
        self.last_answer_at = now
        """Time of the last pong or message."""
        self.failures = 0
        """Unanswered probes in a row."""
        self.failed = 0
        """All unanswered probes of the session."""
        self.round_trip = RoundTrip()
        self.activity = Inactivity(max(expected_gap, HEARTBEAT_S), now)
        self._acked: int | None = None
        self._stuck = False

    def evidence(self, kind: EvidenceKind, now: float) -> None:
        """Note evidence: a pong or a message."""
        self.last_evidence_kind = kind
        self.last_evidence_at = max(self.last_evidence_at, now)
        self.failures = 0
        self.last_answer_at = self.last_evidence_at
        self.activity.answered(self.last_answer_at, HEARTBEAT_S / 2)

    def acknowledged(self, kernel: Kernel, now: float) -> bool:
        """Take the kernel's report; return whether it is evidence, by a new acknowledgement."""
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
        """Return the seconds without evidence after which the gate shuts, and after which each further probe fails.

        It follows the session's own round trips, so that a customer is not thrown out for a bad line.
        """
        ceiling = max(timeouts.probe_timeout, timeouts.probe_timeout_ceiling)
        return self.round_trip.timeout(timeouts.probe_timeout, ceiling)

    def inactivity_timeout(self, timeouts: Timeouts) -> float:
        """Return the seconds without an answer after which the session closes; they follow the client's own pattern."""
        return self.activity.timeout(timeouts.inactivity_floor, timeouts.inactivity)

    def fresh(self, timeouts: Timeouts, now: float) -> bool:
        """Return whether payload may flow: the last evidence is younger than the probe timeout."""
        age = now - self.last_evidence_at
        # The timeout is never shorter than its base. The cheap comparison comes first: this runs for every portion.
        return age < timeouts.probe_timeout or age < self.probe_timeout(timeouts)

    def verdict(self, timeouts: Timeouts, now: float) -> Verdict:
        overdue = self.probe_timeout(timeouts) + HEARTBEAT_S
        if now - self.last_answer_at < overdue:
            return Verdict.LIVE
        return Verdict.FROZEN if self._stuck or self.fresh(timeouts, now) else Verdict.SILENT

    def judge(self, timeouts: Timeouts, now: float) -> CloseReason | None:
        """Count the failed probes; return the reason to close the session, or None.

        The first probe timeout shuts the gate; each one after it is a failed probe. A probe behind a shut window was
        never sent, so it cannot fail: the inactivity timeout ends that client, which costs nothing meanwhile.
        """
        silence, age = now - self.last_answer_at, now - self.last_evidence_at
        # The timeout is never shorter than this. The cheap comparison comes first: every pass runs this.
        least = min(timeouts.inactivity_floor, timeouts.inactivity)
        if silence >= least and silence >= self.inactivity_timeout(timeouts):
            return CloseReason.INACTIVE
        failures = 0
        if age >= timeouts.probe_timeout and not self._stuck:
            failures = max(int(age / self.probe_timeout(timeouts)) - 1, 0)
        self.failed += max(failures - self.failures, 0)
        self.failures = failures
        return CloseReason.PROBES_FAILED if self.failures >= timeouts.probe_failures else None
