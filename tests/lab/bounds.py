"""What the lab's figures are held to, each with its reason, and how far a slow machine may stray."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """A greatest value, or a least one."""

    limit: float
    why: str
    margin: float = 0.0
    """How far beyond the limit a test lets a figure be; docs/liveness.md shows such a figure as red all the same."""
    least: bool = False
    """Whether the limit is the least value."""

    def holds(self, value: float, *, margin: bool) -> bool:
        """Whether a value keeps to it, with or without the margin."""
        allowed = self.margin if margin else 0.0
        return value >= self.limit - allowed if self.least else value <= self.limit + allowed


CONTROL_PASS = 0.25
"""Seconds between two passes of the control loop."""

PROBE_TIMEOUT = 1.0
"""Seconds, as shipped."""

PROBE_CEILING = 5.0
"""Seconds to which a long round trip may stretch the probe timeout, as shipped."""

CLOSE_TIMEOUT = 2.0
"""Seconds a client has to answer the closing handshake, as shipped."""

_LOOK = 0.05
"""Seconds by which a look through the control API may be late."""

AT_ONCE = Bound(
    CONTROL_PASS + _LOOK, "an end that the kernel reports needs no more than a control pass, and a look to see it", 0.5
)
STOPS = Bound(PROBE_TIMEOUT + CONTROL_PASS, "the probe timeout, and a control pass that may lie before it", 0.75)
CLOSED = Bound(
    5.0, "three probe timeouts, a heartbeat before the first, a control pass after each, and a spare second", 2
)
RESUMES = Bound(
    2.5, "the retransmission timer has doubled meanwhile, to less than twice the cut; the next try opens the gate", 1.5
)
NOT_EVICTED = Bound(0, "a client that is there is not ended")
STOPS_BLOATED = Bound(
    PROBE_CEILING + CONTROL_PASS,
    "the ceiling of the probe timeout, so that no queue is taken for a cut",
    1,
)
CLOSED_BLOATED = Bound(
    4 * (PROBE_CEILING + CONTROL_PASS), "one probe timeout until payload stops, and three failed probes after it", 2
)
SLOW_PASSES = Bound(0, "no client may keep the control loop from its work", 1)
LONGEST_GAP = Bound(2 * CONTROL_PASS, "a pass is slow when it begins more than two intervals after the one before", 0.5)
API = Bound(0.5, "householdctl answers whatever the data plane does", 1.5)
UNDISTURBED = Bound(90, "percent of the profile's rate that a neighbour still receives", 20, least=True)
RETRANSMITTED = Bound(
    16, "kB: a tail loss probe, then a packet for each doubling of the retransmission timer until the close", 16
)
LYING_MBPS = Bound(10, "twice the line: acknowledgements earn nothing", 0)
LYING_GETS_KB = Bound(100, "kB: its handshake, its messages and the least allowance", 0, least=True)
MESSAGES = 16.0
"""kB of pings, figures and upload requests, which go on until the close."""

WRITE_LIMIT = 128.0
"""kB of one connection that may wait in user space."""

RECORDS = 64.0
"""kB by which messages and pings may pass the write limit."""


def first_sent(rate_mbps: float) -> Bound:
    """kB that may go out for the first time after the last evidence, to a client that is sent ``rate_mbps``."""
    probe = rate_mbps * 1e3 / 8 * STOPS.limit
    return Bound(probe + MESSAGES, "the rate times the time until payload stops, and messages", probe * 0.5)


def buffered(clients: int) -> Bound:
    """kB that clients that do not read may hold in user space."""
    return Bound(clients * (WRITE_LIMIT + RECORDS), "the write limit, and messages that may pass it", 0)


def closes_by(deadline: float) -> Bound:
    """Seconds until a session is gone whose deadline is ``deadline``."""
    return Bound(
        deadline + CLOSE_TIMEOUT + 2 * CONTROL_PASS,
        "the configured deadline, the time for an answer to the close, and a control pass for each",
        2,
    )


def not_before(deadline: float) -> Bound:
    """Seconds before which a session must not be gone."""
    return Bound(deadline, "the configured deadline", 0.1, least=True)


def given_up_by(handshake: float) -> Bound:
    """Seconds that a connection is held which never becomes a session."""
    return Bound(
        2 * handshake + CLOSE_TIMEOUT + 0.5, "TLS, as long again for the upgrade, the close, and half a second", 2
    )


def all_of(count: int) -> Bound:
    """Nothing is left out."""
    return Bound(count, "each of them is given up", least=True)
