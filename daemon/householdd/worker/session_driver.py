"""Drives one session: passes its connection's events to the session, and carries out the commands it returns."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import ClassVar, Protocol

import structlog

from householdd.clients.addresses import host_port
from householdd.http import socket_options
from householdd.measure.run_report import ClientRunReport
from householdd.session.close_reason import CloseReason, Fault
from householdd.session.commands import Close, Command, Ping, Send, StoreReport
from householdd.session.dialogue import Dialogue
from householdd.session.liveness import Kernel
from householdd.session.messages import MAX_TEXT_BYTES, RunRefused, RunStored, encode
from householdd.session.session import Session
from householdd.session.states import SessionState
from householdd.settings.definitions import Timeouts
from householdd.traffic.profiles import Profile
from householdd.worker import tcp_info
from householdd.worker.clock import Clock
from householdd.worker.connection import MAX_FRAMES_PER_S, OVERFLOW_BYTES, Connection
from householdd.worker.payload_sender import PayloadSender
from householdd.worker.tcp_info import TcpInfo

log = structlog.get_logger("session")

KERNEL_MARGIN_S = 10.0
"""Time that the kernel waits longer than the daemon before it gives a connection up, in seconds."""


OVER_SHARE = "more than its share of the server's time"
"""Detail of the end of a session that costs too much."""


class Observer(Protocol):
    """Callbacks for the events of a session's life."""

    def ticked(self, lateness: float) -> None:
        """A payload timer fired ``lateness`` seconds late."""

    def answered(self, round_trip: float) -> None:
        """The client answered a ping after ``round_trip`` seconds."""

    def changed(self, driver: SessionDriver) -> None:
        """The session changed state."""

    def on_closed(self, driver: SessionDriver) -> None:
        """The session is CLOSED and holds nothing more."""

    def reported(self, driver: SessionDriver, report: ClientRunReport) -> None:
        """The client reports its run; the observer calls ``driver.answer_report``, now or later."""


class SessionDriver(PayloadSender):
    """One session on one connection. No method waits; the event loop and the control loop call in."""

    objects: ClassVar[weakref.WeakSet[SessionDriver]] = weakref.WeakSet()
    """Every driver in memory; one that outlives its session is a leak."""

    def __init__(self, session: Session, connection: Connection, clock: Clock, observer: Observer) -> None:
        super().__init__(session, Dialogue(session), connection, clock, observer.ticked)
        self.objects.add(self)
        self._observer = observer
        self.tcp: TcpInfo | None = None
        """The kernel's latest report; None before the first control pass."""
        self.congestion_control = ""
        """Congestion control of the connection, such as ``cubic``; known from ``start`` on."""
        self._abort_at: float | None = None
        """Deadline of the closing handshake; only set in CLOSING."""
        self._closes: dict[CloseReason, tuple[float, str]] = {}
        """Planned ends: the monotonic time, and the detail for the client."""
        self._shown = session.state
        """State that the observer knows."""
        self._sized_for_bps: float | None = None
        """Peak rate for which the connection's buffers are sized, in bit/s; None before ``start``."""

    def start(self) -> None:
        """Open the session on a connection whose handshake is done."""
        self.session.open()
        self.connection.owner = self
        self.set_timeouts(self.session.timeouts)
        socket_options.reset_on_close(self.connection.socket)
        self.congestion_control = socket_options.congestion_control(self.connection.socket)
        self._size_buffers()
        self._shown = self.session.state
        identity = self.session.identity
        # An operator's log has one line of a session, that of its end.
        log.debug(
            "session opened",
            session=identity.id,
            user=identity.user_id,
            profile=self.session.profile.key,
            peer=host_port(identity.peer_host, identity.peer_port),
        )
        self._execute(self._dialogue.greeting(self._clock.wall()))
        self._arm()

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Put new deadlines in force; they act at the next control pass."""
        self.session.timeouts = timeouts
        if self.connection.open:
            socket_options.give_up_after(self.connection.socket, timeouts.inactivity + KERNEL_MARGIN_S)

    def set_profile(self, profile: Profile) -> None:
        """Put other rates in force, from the next payload portion on."""
        self.session.set_profile(profile, self._clock.now())
        self._size_buffers()
        if self._timer is not None:
            self._disarm()
            self._arm()

    def wish(self, rate: float) -> None:
        """Lower the download rate to the wish of the client's URL."""
        self._dialogue.wish(rate, self._clock.now())
        self._size_buffers()

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
        """Drop the end that is planned for ``reason``."""
        self._closes.pop(reason, None)

    def expire(self, now: float) -> None:
        """Run the first part of a control pass: remove what is over."""
        if self._abort_at is not None and now >= self._abort_at:
            self.connection.abort()
        elif self.session.live and (close := self.session.expired(now)) is not None:
            self._execute([close])
        elif self._closes:
            reason, (at, detail) = min(self._closes.items(), key=lambda close: close[1][0])
            if now >= at:
                self.close(reason, detail)

    def judge(self, now: float) -> None:
        """Run the second part of a control pass: shut the gate on overdue evidence, and give up dead clients."""
        self._note_acknowledgements(now)
        if (close := self.session.judge(now)) is not None:
            if self.connection.ignored:
                # Its answers may be there, unread: the line is not to blame.
                self.costs_too_much()
            else:
                self._execute([close])
        self._tell()

    def speak(self, now: float, interval: float, lateness: float, *, uplink_full: bool = False) -> None:
        """Run the third part of a control pass: send due pings, figures and upload requests, in one write.

        A silent client gets only pings. The pass began ``lateness`` seconds late.
        """
        self.session.measure(now, lateness, server_full=uplink_full or self.connection.ignored)
        if not self.session.live:
            return
        wall = self._clock.wall()
        commands = self._dialogue.probes(now, wall)
        if self.session.state is SessionState.ACTIVE:
            commands += self._dialogue.updates(now, wall, interval)
        if self.session.held_back:
            self.connection.read_at_most(self.session.readable)
        self._execute(commands)

    def text(self, data: bytes) -> None:
        """Take a text message."""
        self._execute(self._dialogue.text(data, self._clock.now(), self._clock.wall()))
        # The message may have asked for a lower rate.
        self._size_buffers()
        self._tell()

    def answer_report(self, answer: RunStored | RunRefused) -> None:
        """Answer the run report; a client that has gone meanwhile gets nothing."""
        self._execute([Send(answer)])

    def text_too_long(self) -> None:
        """Close on a text message beyond the limit."""
        self.session.errors.malformed += 1
        self.close(CloseReason.TEXT_TOO_LARGE, f"a text message may have {MAX_TEXT_BYTES} bytes")

    def binary(self, size: int) -> None:
        """Take ``size`` bytes of upload payload."""
        close = self.session.received(size, self._clock.now())
        if close is not None:
            self._execute([close])
        elif self.session.held_back and self.connection.room is None:
            # At once: until the next control pass a fast line brings tens of megabytes.
            self.connection.read_at_most(self.session.readable)
        self._tell()

    def pong(self, data: bytes) -> None:
        """Take a pong frame."""
        round_trip = self._dialogue.pong(data, self._clock.now())
        if round_trip is not None:
            self._observer.answered(round_trip)
            self._tell()

    def client_closing(self) -> None:
        """End the session: the client sent a close frame, which the library answers."""
        self.close(CloseReason.CLIENT_CLOSED)

    def message_too_big(self, problem: str) -> None:
        """End the session: a message is larger than the library reads, which closes."""
        self.session.errors.framing += 1
        self.close(CloseReason.PROTOCOL_ERROR, problem)

    def not_websocket(self, problem: str) -> None:
        """End the session: the bytes are not WebSocket, and the library closes."""
        self.session.errors.framing += 1
        self.close(CloseReason.NOT_WEBSOCKET, problem)

    def flooded(self) -> None:
        """Close on more frames than a client may send."""
        if self.close(CloseReason.FLOODING, f"more than {MAX_FRAMES_PER_S} frames a second"):
            self.session.errors.flooding += 1

    def costs_too_much(self) -> bool:
        """Close a session whose customer or network has long used more of the worker's time than its share."""
        closed = self.close(CloseReason.FLOODING, OVER_SHARE)
        self.session.errors.flooding += closed
        return closed

    def ignore(self) -> None:
        """Read nothing of the client until :meth:`heed`; its evidence goes stale meanwhile."""
        self.connection.ignore()

    def heed(self) -> None:
        """Read again after :meth:`ignore`."""
        self.connection.heed()

    def cut(self) -> None:
        """End the session: the client ended the stream without a close frame."""
        if self.session.live:
            self.close(CloseReason.CONNECTION_LOST)

    def unread(self) -> None:
        """Reset a client that reads none of the answers it provokes; it would not read a close frame either."""
        if self.close(CloseReason.UNREAD, f"more than {OVERFLOW_BYTES} bytes waited for the client"):
            self.session.errors.unread += 1

    def on_closed(self, *, clean: bool) -> None:
        """Give back all that the session held: its connection is gone."""
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

    def _close(self, reason: CloseReason, detail: str, *, graceful: bool) -> bool:
        """End the session. Every end but the loss of the connection goes through here."""
        decided = self.session.close(reason, detail)
        self._disarm()
        if not graceful:
            self.connection.abort()
        elif decided:
            now = self._clock.now()
            self._abort_at = now + self.session.timeouts.close
            # The client's answer is behind all that it has sent.
            self.connection.read_freely()
            # Neither of these is sent where the client or the library began to close.
            self._execute(self._dialogue.farewell(now, self._clock.wall()))
            self.connection.send_close(reason.close_code, reason.text(detail))
        if reason.fault is Fault.CLIENT:
            self.connection.distrust()
        self._tell()
        return decided

    def _execute(self, commands: Iterable[Command]) -> None:
        texts: list[bytes] = []
        ping: Ping | None = None
        close: Close | None = None
        for command in commands:
            match command:
                case Send(message):
                    texts.append(encode(message))
                case Ping():
                    ping = command
                case StoreReport(report):
                    self._observer.reported(self, report)
                case Close():
                    close = command
        if ping is not None:
            if self.connection.send_texts(texts, ping.data):
                self._dialogue.ping_sent(ping, self._clock.now())
        elif texts:
            self.connection.send_texts(texts)
        if close is not None:
            self.close(close.reason, close.detail)

    def _note_acknowledgements(self, now: float) -> None:
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
        """Return the kernel's report; None once the session is ending, and the latest report stays."""
        if not (self.session.live and self.connection.open):
            return None
        self.tcp = tcp_info.read(self.connection.socket)
        self.session.transport = self.tcp.transport(self.congestion_control)
        return self.tcp

    def _size_buffers(self) -> None:
        """Size the connection's buffers for the session's present peak rate, unless they are."""
        shape = self.session.download.shape
        if shape.peak_bps != self._sized_for_bps and self.connection.open:
            self._sized_for_bps = shape.peak_bps
            self.connection.pace_for(shape.peak_bps, shape.pacing_bps)

    def _tell(self) -> None:
        """Tell the observer of a changed state, and resume payload once the gate is open."""
        if self.session.state is self._shown:
            return
        self._shown = self.session.state
        if self._shown is SessionState.ACTIVE:
            self._arm()
        if self._shown is not SessionState.CLOSED:
            self._observer.changed(self)
