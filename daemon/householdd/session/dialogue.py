"""Which message answers which: the session's side of the protocol, as messages in and messages out."""

from __future__ import annotations

import math

from householdd.measure.run_report import ClientRunReport
from householdd.session import messages
from householdd.session.close_reason import CloseReason
from householdd.session.interval_timer import IntervalTimer
from householdd.session.liveness import HEARTBEAT_S
from householdd.session.pings import Pings
from householdd.session.session import Session
from householdd.session.states import EvidenceKind
from householdd.session.updates import fill, mbps
from householdd.traffic.profiles import MAX_RATE_MBPS, MEGABIT, PROBE

MAX_ERRORS = 20
"""Malformed messages, and as many of unknown type, that a session survives."""

UPLOAD_CHUNK_BYTES = 64 * 1024
"""Greatest upload chunk in bytes that deployed clients send."""


class Dialogue:
    """Speaks for one session. Every method returns the messages to send, in order."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._sequence = 0
        # Two keys for the same pings: the old page echoes the sequence, the old worker only the timestamp.
        self._by_sequence = Pings[int]()
        self._by_timestamp = Pings[float]()
        self._pings = IntervalTimer(session.opened_at)
        self._tests = IntervalTimer(session.opened_at)
        self._reported = False
        """Set once, by the session's only run report."""
        self._report: ClientRunReport | None = None
        """The report that nobody has taken yet."""

    def greeting(self, wall: float) -> list[messages.ServerMessage]:
        """The first message of a session. ``wall`` is Unix time in seconds, here and below."""
        profile = self.session.profile
        info = messages.ProfileInfo(
            name=profile.name,
            download_mbps=mbps(self.session.download.shape.mean_bps),
            upload_mbps=mbps(self.session.upload.shape.mean_bps),
            description=profile.description,
            activity_type=profile.activity_type,
        )
        identity = self.session.identity
        return [
            messages.SessionInfo(user_id=identity.user_id, profile=info, timestamp=wall * 1e3, session_id=identity.id)
        ]

    def text(self, text: bytes, now: float, wall: float) -> tuple[list[messages.ServerMessage], CloseReason | None]:
        """Takes a text message; the answers, and the reason to close where there is one.

        Every message is evidence, a malformed one too: somebody is there. It counts against the budget all the same.
        """
        session = self.session
        session.evidence(EvidenceKind.MESSAGE, now)
        try:
            message = messages.decode(text)
        except messages.WireError as error:
            return self._malformed(str(error))
        match message:
            case None:
                session.errors.unknown += 1
                spent = session.errors.unknown > MAX_ERRORS
                return [], CloseReason.PROTOCOL_ERROR if spent else None
            case messages.Ping():
                return [self._pong(message, wall)], None
            case messages.Pong():
                self._answered(message, now)
            case messages.ClientConfirmation():
                session.sums.client_says_received = message.received_bytes
                session.sums.client_says_sent = message.sent_bytes
            case messages.StartTraffic():
                # Only the old worker says this, and then uploads by itself at a rate of its own.
                session.held_back = session.profile.uploads
                self.wish(message.rate, now)
            case messages.RequestDownload():
                self.wish(message.rate, now)
            case messages.StopTest() | messages.StopTraffic():
                ack = messages.StopTestAck(
                    user_id=session.identity.user_id, timestamp=wall * 1e3, message="Test stopped"
                )
                return [ack], CloseReason.CLIENT_STOPPED
            case ClientRunReport():
                return self._run_report(message)
            case _:
                # An announcement, or an answer that has done its work by coming in.
                pass
        return [], None

    def take_report(self) -> ClientRunReport | None:
        """The run report that came in since the last call; its answer takes time, so somebody else gives it."""
        report, self._report = self._report, None
        return report

    def probes(self, now: float, wall: float) -> list[messages.ServerMessage]:
        """The pings and liveness tests that are due; none for a probe, whose own pings show that it is there."""
        if self.session.profile.only_measures or self.session.profile.is_stream:
            return []
        due: list[messages.ServerMessage] = []
        user_id, milliseconds = self.session.identity.user_id, wall * 1e3
        if self._pings.due(now, HEARTBEAT_S):
            self._sequence += 1
            self._by_sequence.sent(self._sequence, now)
            self._by_timestamp.sent(milliseconds, now)
            due.append(messages.ServerPing(user_id, self._sequence, milliseconds, wall))
        if self._tests.due(now, self.session.timeouts.probe_timeout):
            due.append(messages.ConnectionTest(user_id, milliseconds))
        return due

    def updates(self, now: float, wall: float, interval: float) -> list[messages.ServerMessage]:
        """What a control pass tells the client; ``interval`` is the seconds to the next pass.

        A probe is told nothing: an answer to its pings would wait behind these figures, the more so when they are lost.
        """
        session = self.session
        if session.profile.only_measures or session.profile.is_stream:
            return []
        update = messages.RealTimeUpdate()
        fill(update, session, now, wall)
        due: list[messages.ServerMessage] = [update]
        wanted = session.upload_due(now + interval)
        if wanted > 0:
            request = messages.RealUploadRequest(
                target_bytes=wanted,
                optimal_chunk_size=min(wanted, UPLOAD_CHUNK_BYTES),
                duration_ms=round(interval * 1e3),
                timestamp=wall * 1e3,
            )
            due.append(request)
        return due

    def farewell(self, now: float, wall: float) -> list[messages.ServerMessage]:
        """The last messages before a close; the session's reason is set."""
        session = self.session
        reason = session.close_reason or CloseReason.INTERNAL
        complete = messages.SessionComplete(
            session_duration=session.age(now), reason=reason.value, detail=session.close_detail
        )
        fill(complete, session, now, wall)
        return [complete]

    def wish(self, rate: float | None, now: float) -> None:
        """Lower the download rate to what the client asks for; a wish above the profile's rate is ignored.

        A rate is Mbit/s. Clients of the earlier system say bit/s: so is every number beyond the rates of a profile.
        """
        if rate is not None and rate > 0 and math.isfinite(rate):
            self.session.download.limit(rate if rate > MAX_RATE_MBPS else rate * MEGABIT, now)

    def _run_report(self, report: ClientRunReport) -> tuple[list[messages.ServerMessage], CloseReason | None]:
        if self.session.profile.key != PROBE.key:
            return self._malformed(f"run_report: only a session of {PROBE.key} may send one")
        if report.client.kind == "server":
            return self._malformed("run_report: client.kind must be page or householdctl - at `$.client.kind`")
        if self._reported:
            return self._malformed("run_report: one session may send one only")
        self._reported, self._report = True, report
        return [], None

    def _malformed(self, error: str) -> tuple[list[messages.ServerMessage], CloseReason | None]:
        errors = self.session.errors
        errors.malformed += 1
        told, errors.told = errors.told, True
        answers: list[messages.ServerMessage] = [] if told else [messages.ErrorMessage(error=error)]
        return answers, CloseReason.MALFORMED if errors.malformed > MAX_ERRORS else None

    def _pong(self, ping: messages.Ping, wall: float) -> messages.ServerPong | messages.ProbePong:
        if self.session.profile.only_measures:
            return messages.ProbePong(sequence=ping.sequence)
        return messages.ServerPong(
            user_id=self.session.identity.user_id,
            sequence=0 if ping.sequence is None else ping.sequence,
            timestamp=ping.timestamp,
            client_timestamp=ping.timestamp,
            server_timestamp=wall * 1e3,
            server_time=wall,
        )

    def _answered(self, pong: messages.Pong, now: float) -> None:
        if isinstance(pong.sequence, int):
            round_trip = self._by_sequence.answered(pong.sequence, now)
        else:
            answers = (self._by_timestamp.answered(echo, now) for echo in pong.echoes if echo is not None)
            round_trip = next((answer for answer in answers if answer is not None), None)
        if round_trip is not None:
            self.session.latency.add(round_trip * 1e3)
