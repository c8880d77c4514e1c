"""Drives one session: carries what the connection brings to the core, and what the core decides to the connection."""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import structlog

from householdd.clients.addresses import host_port
from householdd.http import socket_options
from householdd.measure.run_report import ClientRunReport
from householdd.session.close_reason import CloseReason, Fault
from householdd.session.dialogue import Dialogue
from householdd.session.interval_timer import IntervalTimer
from householdd.session.liveness import HEARTBEAT_S, Kernel
from householdd.session.messages import MAX_TEXT_BYTES, RunRefused, RunStored, ServerMessage, encode
from householdd.session.pings import Pings
from householdd.session.session import Session
from householdd.session.states import SessionState
from householdd.settings.definitions import Timeouts
from householdd.traffic.profiles import Profile
from householdd.worker import tcp_info
from householdd.worker.connection import MAX_FRAMES_PER_S, OVERFLOW_BYTES, Connection
from householdd.worker.tcp_info import TcpInfo

log = structlog.get_logger("session")


KERNEL_MARGIN_S = 10.0
"""Seconds that the kernel waits longer than the daemon before it gives a connection up by itself."""

MIN_DELAY_S = 0.001
"""Seconds; the loop's timers count milliseconds, and less would spin until the tick has come."""


class Timer(Protocol):
    """A call that is scheduled."""

    def cancel(self) -> None:
        """Drop the call, if it was not made yet."""


@dataclass(frozen=True)
class Clock:
    """Where time comes from, in seconds."""

    now: Callable[[], float]
    """Monotonic time."""
    wall: Callable[[], float]
    """Unix time."""
    call_later: Callable[[float, Callable[[], None]], Timer]
    """Schedules a call after a delay, as an event loop does."""


class Observer(Protocol):
    """Whom a driver tells of its session's life."""

    def ticked(self, lateness: float) -> None:
        """The next portion of payload was looked for, ``lateness`` seconds after it was to."""

    def answered(self, round_trip: float) -> None:
        """The client answered a ping, ``round_trip`` seconds after it was sent."""

    def changed(self, driver: SessionDriver) -> None:
        """The session's state is another."""

    def on_closed(self, driver: SessionDriver) -> None:
        """The session is CLOSED and holds nothing more."""

    def reported(self, driver: SessionDriver, report: ClientRunReport) -> None:
        """The client tells of its run; ``driver.answer_report`` is to be called, now or later."""


class SessionDriver:
    """One session on one connection. No method waits; the event loop calls in, and the control loop passes by."""

    objects: ClassVar[weakref.WeakSet[SessionDriver]] = weakref.WeakSet()
    """Every driver in memory; one that outlives its session is a leak."""

    def __init__(self, session: Session, link: Connection, clock: Clock, observer: Observer) -> None:
        self.objects.add(self)
        self.session = session
        self.link = link
        self._clock = clock
        self._observer = observer
        self._dialogue = Dialogue(session)
        self._pings = Pings[bytes]()
        self._ping_count = 0
        # The id is random, so the pings of sessions that opened together are spread over the heartbeat.
        phase = uuid.UUID(session.identity.id).int % 1000 / 1000
        self._heartbeat = IntervalTimer(session.opened_at + phase * HEARTBEAT_S)
        self.tcp: TcpInfo | None = None
        """What the kernel said when it was last asked; None before the first control pass."""
        self.congestion_control = ""
        """Of the connection, such as ``cubic``; known from the start on."""
        self._timer: Timer | None = None
        """The next payload portion; set only while the gate is open and the write buffer has room."""
        self._tick_at = 0.0
        """When that is to be; holds while the timer is set."""
        self._abort_at: float | None = None
        """Deadline of the closing handshake; set only in CLOSING."""
        self._closes: dict[CloseReason, tuple[float, str]] = {}
        """Planned ends: the monotonic time, and the detail for the client."""
        self._shown = session.state

    def start(self) -> None:
        """Opens the session on a connection whose handshake is done."""
        self.session.open()
        self.link.owner = self
        self.set_timeouts(self.session.timeouts)
        socket_options.reset_on_close(self.link.socket)
        self.congestion_control = socket_options.congestion_control(self.link.socket)
        self.link.pace_for(self.session.download.shape.peak_bps)
        self._shown = self.session.state
        identity = self.session.identity
        # Its end is the one line that an operator's log has of a session.
        log.debug(
            "session opened",
            session=identity.id,
            user=identity.user_id,
            profile=self.session.profile.key,
            peer=host_port(identity.peer_host, identity.peer_port),
        )
        self._send(self._dialogue.greeting(self._clock.wall()))
        self._arm()

    @property
    def scheduled(self) -> bool:
        """Whether the next payload portion is scheduled."""
        return self._timer is not None

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Puts new deadlines in force; they act at the next control pass."""
        self.session.timeouts = timeouts
        if self.link.open:
            socket_options.give_up_after(self.link.socket, timeouts.inactivity + KERNEL_MARGIN_S)

    def set_profile(self, profile: Profile) -> None:
        """Puts other rates in force, at the next portion."""
        self.session.set_profile(profile, self._clock.now())
        if self.link.open:
            self.link.pace_for(self.session.download.shape.peak_bps)
        if self._timer is not None:
            self._disarm()
            self._arm()

    def wish(self, rate: float) -> None:
        """The client's URL asks for a rate."""
        self._dialogue.wish(rate, self._clock.now())

    def close(self, reason: CloseReason, detail: str = "") -> bool:
        """End the session; return False if its end was decided before. The reason says how the client is told."""
        self._ask_kernel()
        return self._close(reason, detail, graceful=reason.graceful)

    def abort(self, reason: CloseReason) -> bool:
        """End the session without a word to the client; return False if its end was decided before."""
        return self._close(reason, "", graceful=False)

    def close_at(self, at: float, reason: CloseReason, detail: str) -> None:
        """End the session at the first control pass from the monotonic time ``at`` on.

        An earlier end for the same reason stands.
        """
        self._closes[reason] = min(self._closes.get(reason, (at, detail)), (at, detail))

    def cancel_close(self, reason: CloseReason) -> None:
        """Drop an end that was planned for ``reason``."""
        self._closes.pop(reason, None)

    def _close(self, reason: CloseReason, detail: str, *, graceful: bool) -> bool:
        """Every end but the loss of the connection goes through here."""
        decided = self.session.close(reason, detail)
        self._disarm()
        if not graceful:
            self.link.abort()
        elif decided:
            now = self._clock.now()
            self._abort_at = now + self.session.timeouts.close
            # The client's answer is behind all that it has sent.
            self.link.read_freely()
            # Where the client, or the library, began to close, neither of these is sent.
            self._send(self._dialogue.farewell(now, self._clock.wall()))
            self.link.send_close(reason.close_code, reason.text(detail))
        if reason.fault is Fault.CLIENT:
            self.link.distrust()
        self._tell()
        return decided

    def expire(self, now: float) -> None:
        """Control pass, first: removes what is dead."""
        if self._abort_at is not None and now >= self._abort_at:
            self.link.abort()
        elif self.session.live and (reason := self.session.expired(now)):
            self.close(reason)
        elif self._closes:
            self._close_as_planned(now)

    def judge(self, now: float) -> None:
        """Control pass, second: shuts the gate of a session whose evidence is overdue, and gives up the dead."""
        self._look(now)
        reason = self.session.judge(now)
        if reason is not None:
            self.close(reason)
        self._tell()

    def speak(self, now: float, interval: float, late: int) -> None:
        """Control pass, third: pings and liveness tests that are due, figures and upload requests, in one write.

        A client that may not be there is only asked. ``late`` is how many passes were late by this one.
        """
        self.session.measure(now, late)
        if not self.session.live:
            return
        wall = self._clock.wall()
        messages = self._dialogue.probes(now, wall)
        if self.session.state is SessionState.ACTIVE:
            messages += self._dialogue.updates(now, wall, interval)
        if self.session.held_back:
            self.link.read_at_most(self.session.readable)
        if self._heartbeat.due(now, HEARTBEAT_S) and self.session.wants_ping(now):
            self._ping_count += 1
            data = self._ping_count.to_bytes(8)
            if self._send(messages, data):
                self._pings.sent(data, now)
                self.session.sums.pings += 1
        else:
            self._send(messages)

    def text(self, data: bytes) -> None:
        """A text message came in."""
        messages, reason = self._dialogue.text(data, self._clock.now(), self._clock.wall())
        self._send(messages)
        if reason is not None:
            self.close(reason)
        if (report := self._dialogue.take_report()) is not None:
            self._observer.reported(self, report)
        self._tell()

    def answer_report(self, answer: RunStored | RunRefused) -> None:
        """What became of the run report; not heard by a client that has gone meanwhile."""
        self._send([answer])

    def text_too_long(self) -> None:
        """A text message was too long."""
        self.session.errors.malformed += 1
        detail = f"a text message may have {MAX_TEXT_BYTES} bytes"
        self.close(CloseReason.TEXT_TOO_LARGE, detail)

    def binary(self, size: int) -> None:
        """Upload payload came in."""
        reason = self.session.received(size, self._clock.now())
        if reason is not None:
            self.close(reason)
        elif self.session.held_back and self.link.room is None:
            # At once: by the next control pass a fast line brings tens of megabytes.
            self.link.read_at_most(self.session.readable)
        self._tell()

    def pong(self, data: bytes) -> None:
        """A pong frame came in; evidence where it answers a ping of ours."""
        now = self._clock.now()
        round_trip = self._pings.answered(data, now)
        if round_trip is not None:
            self.session.pong(round_trip, now)
            self._observer.answered(round_trip)
            self._tell()

    def client_closing(self) -> None:
        """The client began to close; no more payload."""
        self.close(CloseReason.CLIENT_CLOSED)

    def message_too_big(self, problem: str) -> None:
        """A message is larger than the library reads; the library closes."""
        self.session.errors.framing += 1
        self.close(CloseReason.PROTOCOL_ERROR, problem)

    def not_websocket(self, problem: str) -> None:
        """The client does not speak WebSocket; the library closes."""
        self.session.errors.framing += 1
        self.close(CloseReason.NOT_WEBSOCKET, problem)

    def flooded(self) -> None:
        """The client sends more frames than it may."""
        if self.close(CloseReason.FLOODING, f"more than {MAX_FRAMES_PER_S} frames a second"):
            self.session.errors.flooding += 1

    def cut(self) -> None:
        """The client ended the stream without a close frame; nothing more can come from it."""
        if self.session.live:
            self.close(CloseReason.CONNECTION_LOST)

    def unread(self) -> None:
        """The client reads none of the answers it provokes, so it would not read a close frame either."""
        if self.close(CloseReason.UNREAD, f"more than {OVERFLOW_BYTES} bytes waited for the client"):
            self.session.errors.unread += 1

    def writable(self) -> None:
        """The write buffer has room again."""
        # A portion that was taken whole may have filled it as well; the next one is scheduled then.
        if self._timer is None:
            self._pace(self._clock.now())

    def on_closed(self, *, clean: bool) -> None:
        """The connection is gone, and with it all the session held."""
        self._disarm()
        session = self.session
        session.on_closed(self._clock.now(), CloseReason.CLIENT_CLOSED if clean else CloseReason.CONNECTION_LOST)
        log.info(
            "session closed",
            session=session.identity.id,
            user=session.identity.user_id,
            profile=session.profile.key,
            peer=host_port(session.identity.peer_host, session.identity.peer_port),
            reason=str(session.close_reason),
            detail=session.close_detail or None,
            duration=round(session.age(self._clock.now()), 3),
            sent_bytes=session.sums.sent,
            received_bytes=session.sums.received,
        )
        self._observer.on_closed(self)

    def _close_as_planned(self, now: float) -> None:
        reason, (at, detail) = min(self._closes.items(), key=lambda close: close[1][0])
        if now >= at:
            self.close(reason, detail)

    def _look(self, now: float) -> None:
        """Judges what the peer has acknowledged."""
        tcp = self._ask_kernel()
        if tcp is None:
            return
        kernel = Kernel(
            acked=tcp.bytes_acked + tcp.delivered,
            ack_age=tcp.last_ack_recv / 1e3,
            stuck=tcp.unacked == 0 and tcp.notsent > 0,
        )
        self.session.acknowledged(kernel, now)

    def _ask_kernel(self) -> TcpInfo | None:
        """What the kernel knows of the connection now; None, and the last answer is kept, once it is ending."""
        if not (self.session.live and self.link.open):
            return None
        self.tcp = tcp_info.read(self.link.socket)
        self.session.transport = self.tcp.transport(self.congestion_control)
        return self.tcp

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.now()
        self._observer.ticked(now - self._tick_at)
        self._pace(now)

    def _go_on(self) -> None:
        self._timer = None
        self._pace(self._clock.now())

    def _pace(self, now: float) -> None:
        due = self.session.payload_due(now)
        if due > 0:
            taken = self.link.send_payload(due)
            self.session.sent(taken)
            if taken < due and self.link.paused:
                # writable() goes on from here.
                return
            if 0 < taken < due:
                # The kernel took it all at once and the rest is due already. The next turn of the event loop goes on,
                # so that other sessions come in between.
                self._timer = self._clock.call_later(0, self._go_on)
                return
        self._tell()
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self.session.state is SessionState.ACTIVE and self.link.open:
            now = self._clock.now()
            delay = max(self.session.download.next_at(now) - now, MIN_DELAY_S)
            self._tick_at = now + delay
            self._timer = self._clock.call_later(delay, self._tick)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, messages: Iterable[ServerMessage], ping: bytes | None = None) -> bool:
        return self.link.send_texts([encode(message) for message in messages], ping)

    def _tell(self) -> None:
        """Tells the observer of a state that changed, and takes up pacing where the gate opened."""
        if self.session.state is self._shown:
            return
        self._shown = self.session.state
        if self._shown is SessionState.ACTIVE:
            self._arm()
        if self._shown is not SessionState.CLOSED:
            self._observer.changed(self)
