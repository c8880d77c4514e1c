"""One connection of one user: its state, its gate, its deadlines and its sums."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec

from householdd.capacity.demand import DEMAND_LEAD_S, Demand
from householdd.capacity.lateness import Lateness
from householdd.measure.latency import SessionLatency
from householdd.measure.rate_meter import RateMeter
from householdd.session.close_reason import CloseReason
from householdd.session.liveness import HEARTBEAT_S, Kernel, Liveness
from householdd.session.states import EvidenceKind, SessionState
from householdd.settings.definitions import Timeouts
from householdd.traffic.pacer import UPLOAD_CATCH_UP_S, Pacer
from householdd.traffic.profiles import Profile

UNASKED_FACTOR = 2
"""Uploads may come to so many times what was to be asked for: deployed clients round a request up to whole chunks."""

UNASKED_GRACE_BYTES = 1024 * 1024
"""Bytes on top of that, such as what was asked for before the operator lowered a profile's rate."""

MIN_READ_BYTES = 256
"""Bytes that are read from every client in a control pass: what stands before its next answer must move on."""

_NEXT = {
    SessionState.HANDSHAKE: {SessionState.ACTIVE, SessionState.CLOSED},
    SessionState.ACTIVE: {SessionState.QUIET, SessionState.CLOSING, SessionState.CLOSED},
    SessionState.QUIET: {SessionState.ACTIVE, SessionState.CLOSING, SessionState.CLOSED},
    SessionState.CLOSING: {SessionState.CLOSED},
    SessionState.CLOSED: set[SessionState](),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a session before it opens; the labels come from the client and prove nothing."""

    id: str
    user_id: str
    test_id: str
    peer_host: str
    peer_port: int
    user_agent: str
    foreign: bool = False
    """Whether the client is a page of a site that the operator does not know."""


class Transport(msgspec.Struct, frozen=True):
    """What the kernel said of the connection when it was last asked."""

    round_trip: float
    """Smoothed, in seconds."""
    min_round_trip: float | None
    """Least, in seconds; None before the first."""
    retransmits: int
    """Segments that were sent again."""
    delivery_rate_bps: float
    """Latest rate at which data reached the peer."""
    congestion_control: str


@dataclass(slots=True)
class Sums:
    """Counts of one session; bytes are payload only, without framing."""

    sent: int = 0
    received: int = 0
    client_says_received: float = 0
    client_says_sent: float = 0
    pings: int = 0
    """WebSocket pings sent."""
    pongs: int = 0
    """Those that were answered."""
    quiets: int = 0
    """How often the gate was shut."""


@dataclass(slots=True)
class Errors:
    """A client's breaches of the protocol."""

    malformed: int = 0
    unknown: int = 0
    framing: int = 0
    """What came in was not the WebSocket protocol."""
    flooding: int = 0
    """More frames than are allowed."""
    unread: int = 0
    """Answers were provoked and not read."""
    unasked: int = 0
    """Far more was uploaded than was asked for."""
    told: bool = field(default=False)
    """Whether the client has been told of a malformed message; it is told once."""


class Session:
    """The pure part of a session. Whoever drives it brings the time and carries out what it decides."""

    def __init__(self, identity: Identity, profile: Profile, timeouts: Timeouts, now: float, wall: float) -> None:
        self.identity = identity
        self.profile = profile
        self.timeouts = timeouts
        """The deadlines in force; whoever changes them puts a new value here."""
        self.state = SessionState.HANDSHAKE
        self.live = False
        """Whether the session may still carry traffic, now or once evidence returns; follows from the state."""
        self.opened_at = now
        self.opened_wall = wall
        """Unix time of the opening; for display only, never for an interval."""
        self.closed_at: float | None = None
        """Set only in CLOSED."""
        self.close_reason: CloseReason | None = None
        """Set once, with CLOSING or CLOSED; the first reason stands."""
        self.close_detail = ""
        self.latency = SessionLatency()
        self.download = Pacer(profile.download.shape(), now)
        self.upload = Pacer(profile.upload.shape(), now, UPLOAD_CATCH_UP_S)
        self.liveness = Liveness(self.download.shape.longest_gap_s, now, acks_answer=profile.is_stream)
        self.transport: Transport | None = None
        """The latest report; None before the first, and of a session that ended before it."""
        self.sums = Sums()
        self.errors = Errors()
        self.download_meter = RateMeter(now)
        self.upload_meter = RateMeter(now)
        self.lateness = Lateness()
        self._download_demand = Demand(now)
        self._upload_demand = Demand(now)
        self._may_receive = UNASKED_GRACE_BYTES
        """Bytes up to which an upload is known to be within its bound."""
        self.held_back = False
        """Whether the client uploads by itself, so that it is read no faster than its profile uploads."""
        self.readable = MIN_READ_BYTES
        """Bytes to read of a client that is held back, from one control pass to the next."""

    def set_profile(self, profile: Profile, now: float) -> None:
        """Other rates for the same kind of user, from now on; a wish of the client still limits the download."""
        self.profile = profile
        self.download.reshape(profile.download.shape(), now)
        self.upload.reshape(profile.upload.shape(), now)

    def open(self) -> None:
        """The opening handshake is done."""
        self._move(SessionState.ACTIVE)

    def evidence(self, kind: EvidenceKind, now: float) -> None:
        """Something was received that proves a live client; opens the gate when it was shut."""
        if not self.live:
            return
        self.liveness.evidence(kind, now)
        self._revive(now)

    def acknowledged(self, kernel: Kernel, now: float) -> None:
        """The kernel reports; progress of its acknowledgements is evidence too."""
        if self.live and self.liveness.acknowledged(kernel, now) and self.liveness.fresh(self.timeouts, now):
            self._revive(now)

    def pong(self, round_trip: float, now: float) -> None:
        """A pong answered one of our pings, ``round_trip`` seconds after it was sent."""
        self.sums.pongs += 1
        self.liveness.round_trip.add(round_trip)
        self.evidence(EvidenceKind.PONG, now)

    def wants_ping(self, now: float) -> bool:
        """Whether a WebSocket ping that is due is of use.

        A probe is pinged only when it has fallen silent: its own pings are evidence enough, and wherever ours is lost
        their answers would wait behind it.
        """
        if self.profile.is_stream:
            return False
        return not self.profile.only_measures or now - self.liveness.last_evidence_at >= HEARTBEAT_S

    def payload_due(self, now: float) -> int:
        """Payload bytes that may be written now; 0 while the gate is shut.

        The gate is looked at for every portion, not once a control pass, so that no portion is written on stale
        evidence.
        """
        if self.state is not SessionState.ACTIVE:
            return 0
        if not self.liveness.fresh(self.timeouts, now):
            self._move(SessionState.QUIET)
            return 0
        return self.download.due(now)

    def upload_due(self, until: float) -> int:
        """Bytes to ask the client for, which it is to send up to the time ``until``; 0 while the gate is shut."""
        if self.state is not SessionState.ACTIVE:
            return 0
        count = self.upload.due(until)
        self.upload.take(count)
        self.readable = max(count, MIN_READ_BYTES)
        return count

    def sent(self, count: int) -> None:
        """``count`` payload bytes were given to the transport."""
        self.download.take(count)
        self.sums.sent += count

    def received(self, count: int, now: float) -> CloseReason | None:
        """``count`` payload bytes came in; any binary frame is a message of a live client.

        A client that has sent far more than it can have been asked for is held back; EXCESS_UPLOAD where its profile
        uploads nothing.
        """
        self.sums.received += count
        self.evidence(EvidenceKind.MESSAGE, now)
        if self.sums.received <= self._may_receive or self.held_back or not self.live:
            return None
        # Worked out only where the last bound is passed: this is called for every frame.
        self._may_receive = UNASKED_FACTOR * self.upload.offered(now) + UNASKED_GRACE_BYTES
        if self.sums.received <= self._may_receive:
            return None
        self.errors.unasked += 1
        if self.profile.uploads:
            self.held_back = True
            return None
        return CloseReason.EXCESS_UPLOAD

    def expired(self, now: float) -> CloseReason | None:
        """MAX_DURATION once it has passed."""
        most = min(self.timeouts.max_duration, self.profile.max_duration_s)
        return CloseReason.MAX_DURATION if now - self.opened_at >= most else None

    def judge(self, now: float) -> CloseReason | None:
        """Shuts the gate when evidence is overdue; the reason to close, if the client is to be given up."""
        if not self.live:
            return None
        reason = self.liveness.judge(self.timeouts, now)
        if reason is None and self.state is SessionState.ACTIVE and not self.liveness.fresh(self.timeouts, now):
            self._move(SessionState.QUIET)
        return reason

    def measure(self, now: float, late: int = 0) -> None:
        """Samples the rates; once a control pass, by which ``late`` passes were late."""
        self.lateness.add(late)
        self.download_meter.sample(now, self.sums.sent)
        self.upload_meter.sample(now, self.sums.received)

    def demands(self, now: float) -> tuple[float, float]:
        """What the session wants to download and to upload now, bit/s: by its profile, or what its line takes of that.

        Nothing behind a shut gate. To be asked once a control pass.
        """
        download, upload = self._download_demand, self._upload_demand
        download.update(now, self.download.offered(now), self.sums.sent, capped=self.download.capped)
        upload.update(now, self.upload.taken, self.sums.received, capped=self.upload.capped)
        if self.state is not SessionState.ACTIVE:
            return 0.0, 0.0
        return (
            min(self.download.demand(now, DEMAND_LEAD_S), download.line_bps or math.inf),
            min(self.upload.demand(now, DEMAND_LEAD_S), upload.line_bps or math.inf),
        )

    def hold(self, download_bps: float, upload_bps: float, now: float) -> None:
        """Budgets leave the session so much, until the next call."""
        self.download.set_cap(download_bps, now)
        self.upload.set_cap(upload_bps, now)

    @property
    def limited(self) -> bool:
        """Whether budgets, and not the line, were the limit so far, in either direction."""
        return self._download_demand.limited or self._upload_demand.limited

    @property
    def limited_now(self) -> bool:
        """Whether budgets, and not the line, are what holds the session back at this moment, in either direction."""
        download = self.download.capped and self._download_demand.limited_now
        return download or (self.upload.capped and self._upload_demand.limited_now)

    def close(self, reason: CloseReason, detail: str = "") -> bool:
        """Decide the end; return False if it was decided before."""
        if not self.live:
            return False
        self.close_reason = reason
        self.close_detail = detail
        self._move(SessionState.CLOSING)
        return True

    def on_closed(self, now: float, reason: CloseReason) -> None:
        """The connection is gone; ``reason`` counts only where no end had been decided."""
        if self.state is SessionState.CLOSED:
            return
        self.close_reason = self.close_reason or reason
        self.closed_at = now
        self._move(SessionState.CLOSED)

    def age(self, now: float) -> float:
        """Seconds since the opening, up to the end where the session has ended."""
        return (now if self.closed_at is None else self.closed_at) - self.opened_at

    def _revive(self, now: float) -> None:
        if self.state is SessionState.QUIET:
            # What became due behind the shut gate is gone: a line that comes back is not flooded.
            self.download.skip(now)
            self.upload.skip(now)
            self._move(SessionState.ACTIVE)

    def _move(self, state: SessionState) -> None:
        if state not in _NEXT[self.state]:
            raise AssertionError(f"session {self.identity.id}: {self.state} cannot become {state}")
        self.state = state
        self.live = state in (SessionState.ACTIVE, SessionState.QUIET)
        if state is SessionState.QUIET:
            self.sums.quiets += 1
