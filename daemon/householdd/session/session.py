"""The session of one user on one connection: its state, gate, deadlines and counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec

from householdd.capacity.demand import DEMAND_LEAD_S, MAX_LIMITED_SHARE, Demand
from householdd.capacity.lateness import Lateness
from householdd.measure.kernel_witness import KernelWitness
from householdd.measure.latency import SessionLatency
from householdd.measure.rate_meter import RateMeter
from householdd.session.close_reason import CloseReason
from householdd.session.commands import Close
from householdd.session.consumption import Consumption
from householdd.session.liveness import HEARTBEAT_S, Kernel, Liveness
from householdd.session.proof import Proof
from householdd.session.states import EvidenceKind, SessionState
from householdd.settings.definitions import Timeouts
from householdd.traffic.pacer import UPLOAD_CATCH_UP_S, Pacer
from householdd.traffic.profiles import Profile
from householdd.traffic.upload_window import UploadWindow

UNASKED_FACTOR = 2
"""Allowed upload, as a multiple of the requested bytes: deployed clients round a request up to whole chunks."""

UNASKED_GRACE_BYTES = 1024 * 1024
"""Bytes allowed on top, such as those requested before the operator lowered a profile's rate."""

MIN_READ_BYTES = 32 * 1024
"""Bytes read from every client in a control pass, 1 Mbit/s: its pongs, which earn its download, wait behind its upload.
"""

_NEXT = {
    SessionState.HANDSHAKE: {SessionState.ACTIVE, SessionState.CLOSED},
    SessionState.ACTIVE: {SessionState.QUIET, SessionState.CLOSING, SessionState.CLOSED},
    SessionState.QUIET: {SessionState.ACTIVE, SessionState.CLOSING, SessionState.CLOSED},
    SessionState.CLOSING: {SessionState.CLOSED},
    SessionState.CLOSED: set[SessionState](),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of a session, known before it opens; the labels come from the client and prove nothing."""

    id: str
    user_id: str
    test_id: str
    peer_host: str
    peer_port: int
    user_agent: str
    foreign: bool = False
    """Whether the client is a page of a site that the operator does not know."""
    parallel: bool = False
    """Whether it joined another session of its profile and run."""


class Transport(msgspec.Struct, frozen=True):
    """The kernel's latest report of the connection."""

    round_trip: float
    """Smoothed round trip, in seconds."""
    min_round_trip: float | None
    """Shortest round trip, in seconds; None before the first."""
    retransmits: int
    """Retransmitted segments."""
    delivery_rate_bps: float
    """Latest rate at which data reached the peer, in bit/s."""
    congestion_control: str
    receiver_limited: float | None = None
    """Share of the time with data to send in which the peer's receive window held it back; None if unknown."""
    retransmitted: float | None = None
    """Retransmitted share of the bytes sent; None if unknown."""
    congestion_experienced: float | None = None
    """Share of the segments with ECN's mark of congestion (RFC 3168); None if unknown."""


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
    """WebSocket pings answered."""
    quiets: int = 0
    """Times that the gate was shut."""


@dataclass(slots=True)
class Errors:
    """A client's breaches of the protocol."""

    malformed: int = 0
    unknown: int = 0
    framing: int = 0
    """Bytes that the WebSocket protocol does not allow."""
    flooding: int = 0
    """More frames than allowed."""
    unread: int = 0
    """Answers provoked and not read."""
    unasked: int = 0
    """Uploads far beyond the requested bytes."""
    told: bool = field(default=False)
    """Whether the client was told of a malformed message; it is told once."""


class Session:
    """The pure part of a session: events and the time in, commands out; its driver carries them out."""

    def __init__(self, identity: Identity, profile: Profile, timeouts: Timeouts, now: float, wall: float) -> None:
        self.identity = identity
        self.profile = profile
        self.timeouts = timeouts
        """Deadlines in force; may be replaced at any time."""
        self.state = SessionState.HANDSHAKE
        self.live = False
        """Whether the session may still carry traffic, now or once evidence returns: not before it opens, not once its
        end is decided."""
        self.opened_at = now
        self.opened_wall = wall
        """Unix time of the opening; only for display, never for an interval."""
        self.closed_at: float | None = None
        """Monotonic time of the end; only set in CLOSED."""
        self.close_reason: CloseReason | None = None
        """Reason of the end; set once, with CLOSING or CLOSED."""
        self.close_detail = ""
        self.latency = SessionLatency()
        self.download = Pacer(profile.download.shape(), now)
        self.upload = Pacer(profile.upload.shape(), now, UPLOAD_CATCH_UP_S)
        self._upload_window = UploadWindow() if profile.uploads_bulk else None
        """Bound of each request; None if the profile's rate is one."""
        self.liveness = Liveness(self.download.shape.longest_gap_s, now, acks_answer=profile.is_stream)
        self.proof = Proof(needed=not profile.is_stream)
        self.consumption = Consumption()
        self.transport: Transport | None = None
        """The kernel's latest report; None before the first."""
        self.kernel = KernelWitness()
        self.sums = Sums()
        self.errors = Errors()
        self.download_meter = RateMeter(now)
        self.upload_meter = RateMeter(now)
        self.lateness = Lateness(now)
        self._passes = 0
        self._full_passes = 0
        """Control passes in which the server's uplink was full, or the client was not read."""
        self._download_demand = Demand(now)
        self._upload_demand = Demand(now)
        self._may_receive = UNASKED_GRACE_BYTES
        """Received bytes up to which the upload is known to be within its bound."""
        self.held_back = False
        """Whether the client uploads without requests, and so is read no faster than its profile uploads."""
        self.readable = MIN_READ_BYTES
        """Bytes to read from a client that is held back, until the next control pass."""

    def set_profile(self, profile: Profile, now: float) -> None:
        """Put other rates of the same kind of user in force; a wish of the client still limits the download."""
        self.profile = profile
        self.download.reshape(profile.download.shape(), now)
        self.upload.reshape(profile.upload.shape(), now)

    def open(self) -> None:
        """Begin: the opening handshake is done."""
        self._move(SessionState.ACTIVE)

    def evidence(self, kind: EvidenceKind, now: float) -> None:
        """Note evidence of a live client, and open the gate if it is shut."""
        if not self.live:
            return
        self.liveness.evidence(kind, now)
        self._revive(now)

    def acknowledged(self, kernel: Kernel, now: float) -> None:
        """Take the kernel's report; progress of acknowledgements is evidence too."""
        if self.live and self.liveness.acknowledged(kernel, now) and self.liveness.fresh(self.timeouts, now):
            self._revive(now)

    def echoed(self, data: bytes) -> None:
        """Take the echo of a ping's data, which proves the payload ahead of it."""
        self.proof.answered(data, self._most_unproven)

    def pong(self, round_trip: float, now: float) -> None:
        """Note a pong that answered a ping of ours after ``round_trip`` seconds."""
        self.sums.pongs += 1
        self.liveness.round_trip.add(round_trip)
        self.evidence(EvidenceKind.PONG, now)

    def wants_ping(self, now: float) -> bool:
        """Return whether a WebSocket ping that is due is of use.

        A probe is pinged only once it is silent: its own pings are evidence enough, and their answers would wait
        behind a lost ping of ours.
        """
        if self.profile.is_stream:
            return False
        if self.profile.only_measures:
            return now - self.liveness.last_evidence_at >= HEARTBEAT_S
        return not self.proof.pinged_lately(now)

    def payload_due(self, now: float) -> int:
        """Return the payload bytes that may be written now; 0 while the gate is shut.

        The gate is checked for every portion, not once a control pass, so that none is written on stale evidence. No
        more is due than the client may have without a further proof that the earlier payload arrived.
        """
        if self.state is not SessionState.ACTIVE:
            return 0
        if not self.liveness.fresh(self.timeouts, now):
            self._move(SessionState.QUIET)
            return 0
        due, proof = self.download.due(now), self.proof
        end = proof.sent + due
        if end <= proof.limit and end <= self.consumption.limit:
            return due
        proof.extend(self._most_unproven)
        return max(min(int(min(proof.limit, self.consumption.limit)) - proof.sent, due), 0)

    @property
    def _most_unproven(self) -> float:
        """Bytes that leave at the peak rate before a missing proof shuts the gate."""
        seconds = self.liveness.probe_timeout(self.timeouts) + HEARTBEAT_S
        return seconds * self.download.shape.peak_bps / 8

    def upload_due(self, until: float) -> int:
        """Return the bytes to request from the client until the time ``until``; 0 while the gate is shut."""
        if self.state is not SessionState.ACTIVE:
            return 0
        count = self.upload.due(until)
        if self._upload_window is not None:
            count = min(count, self._upload_window.request(self.sums.received))
        self.upload.take(count)
        self.readable = max(count, MIN_READ_BYTES)
        return count

    def sent(self, count: int) -> None:
        """Count payload bytes given to the transport."""
        self.download.take(count)
        self.sums.sent += count
        self.proof.sent += count

    def confirmed(self, received: float, sent: float) -> None:
        """Take the client's own totals of payload bytes; they bind nothing but its own download."""
        self.sums.client_says_received = received
        self.sums.client_says_sent = sent
        paced_bps = 0.0 if self.profile.bulk else self.download.shape.peak_bps
        self.consumption.confirmed(received, self.proof.sent, self.proof.proven, self.download_meter.bps, paced_bps)

    def received(self, count: int, now: float) -> Close | None:
        """Count received payload bytes; any binary frame is evidence of a live client.

        A client that sends far more than was requested is held back, or closed if its profile uploads nothing.
        """
        self.sums.received += count
        self.evidence(EvidenceKind.MESSAGE, now)
        if self.sums.received <= self._may_receive or self.held_back or not self.live:
            return None
        # Computed only beyond the last bound: this is called for every frame.
        asked = self.upload.offered(now) if self._upload_window is None else self.upload.taken
        self._may_receive = UNASKED_FACTOR * asked + UNASKED_GRACE_BYTES
        if self.sums.received <= self._may_receive:
            return None
        self.errors.unasked += 1
        if self.profile.uploads:
            self.held_back = True
            return None
        return Close(CloseReason.EXCESS_UPLOAD)

    def expired(self, now: float) -> Close | None:
        """Close the session at its maximum duration."""
        most = min(self.timeouts.max_duration, self.profile.max_duration_s)
        return Close(CloseReason.MAX_DURATION) if now - self.opened_at >= most else None

    def judge(self, now: float) -> Close | None:
        """Shut the gate on overdue evidence, and close the session of a dead client."""
        if not self.live:
            return None
        reason = self.liveness.judge(self.timeouts, now)
        if reason is None and self.state is SessionState.ACTIVE and not self.liveness.fresh(self.timeouts, now):
            self._move(SessionState.QUIET)
        return None if reason is None else Close(reason)

    def measure(self, now: float, lateness: float = 0.0, *, server_full: bool = False) -> None:
        """Sample the rates, once a control pass, which began ``lateness`` seconds late.

        ``server_full`` says that the server's uplink is full, or that the client is not read: its share of the
        worker's time is used up.
        """
        self.lateness.add(lateness, now)
        self._passes += 1
        self._full_passes += server_full
        self.consumption.note_pass()
        self.download_meter.sample(now, self.sums.sent)
        self.upload_meter.sample(now, self.sums.received)

    def demands(self, now: float) -> tuple[float, float]:
        """Return the wanted download and upload rates in bit/s: the profile's, or what the line takes of it.

        Both are 0 behind a shut gate. Call once a control pass.
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
        """Limit the rates to the session's share of the budgets, until the next call."""
        self.download.set_cap(download_bps, now)
        self.upload.set_cap(upload_bps, now)

    @property
    def overloaded(self) -> bool:
        """Whether delays of the session may be the server's."""
        return self.lateness.overloaded or self.close_reason is CloseReason.OVERLOADED

    @property
    def limited(self) -> bool:
        """Whether budgets, the server's uplink or the customer's share of work, not the line, limited the session."""
        if self._full_passes > 1 and self._full_passes > self._passes * MAX_LIMITED_SHARE:
            return True
        return self._download_demand.limited or self._upload_demand.limited

    @property
    def limited_now(self) -> bool:
        """Whether budgets, and not the line, limit the session now, in either direction."""
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
        """Note that the connection is gone; ``reason`` counts only if no end was decided before."""
        if self.state is SessionState.CLOSED:
            return
        self.close_reason = self.close_reason or reason
        self.closed_at = now
        self._move(SessionState.CLOSED)

    def age(self, now: float) -> float:
        """Return the seconds since the opening, up to the end of a closed session."""
        return (now if self.closed_at is None else self.closed_at) - self.opened_at

    def _revive(self, now: float) -> None:
        if self.state is SessionState.QUIET:
            # Skip what became due behind the shut gate, so that a line that returns is not flooded.
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
