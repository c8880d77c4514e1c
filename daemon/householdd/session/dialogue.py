"""The session's side of the data-plane protocol: messages in, commands out."""

from __future__ import annotations

import math
import secrets
import uuid

from householdd.measure.run_report import ClientRunReport
from householdd.session import messages
from householdd.session.close_reason import CloseReason
from householdd.session.commands import Close, Command, Ping, Send, StoreReport
from householdd.session.liveness import HEARTBEAT_S
from householdd.session.pings import IntervalTimer, Pings
from householdd.session.session import Session
from householdd.session.states import EvidenceKind
from householdd.session.updates import fill, mbps, server_tcp
from householdd.traffic.profiles import MAX_RATE_MBPS, MEGABIT, PROBE

MAX_ERRORS = 20
"""Malformed messages that a session survives, and as many of unknown type."""

UPLOAD_CHUNK_BYTES = 64 * 1024
"""Greatest upload chunk in bytes that deployed clients send."""

MIN_UPLOAD_CHUNK_BYTES = 4 * 1024
"""Least upload chunk in bytes, 3 ms on an uplink of 10 Mbit/s: each costs a worker about as much as a larger one."""

BULK_CHUNKS = 64
"""Chunks of a bulk upload in one request: a message of the client waits behind one of them at most, a 64th of what the
line carries in a pass."""

MIN_BULK_CHUNK_BYTES, MAX_BULK_CHUNK_BYTES = 16 * 1024, 256 * 1024
"""A worker takes no greater message."""

PING_BYTES = 16
"""Random bytes of a ping, which nobody can guess: its echo proves that it was received."""


class Dialogue:
    """Speaks for one session. ``now`` is monotonic, ``wall`` is Unix time, both in seconds."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._sequence = 0
        # Two keys for the same pings: the old page echoes the sequence, the old worker only the timestamp.
        self._by_sequence = Pings[int]()
        self._by_timestamp = Pings[float]()
        self._pings = IntervalTimer(session.opened_at)
        self._tests = IntervalTimer(session.opened_at)
        self._frames = Pings[bytes]()
        """Unanswered WebSocket pings."""
        # The id is random, so the pings of sessions that opened together are spread over the heartbeat.
        phase = uuid.UUID(session.identity.id).int % 1000 / 1000
        self._heartbeat = IntervalTimer(session.opened_at + phase * HEARTBEAT_S)
        self._reported = False
        """Whether the session's only run report came in."""

    def greeting(self, wall: float) -> list[Command]:
        """Return the first message of a session."""
        profile = self.session.profile
        info = messages.ProfileInfo(
            name=profile.name,
            download_mbps=mbps(self.session.download.shape.mean_bps),
            upload_mbps=mbps(self.session.upload.shape.mean_bps),
            description=profile.description,
            activity_type=profile.activity_type,
        )
        identity = self.session.identity
        message = messages.SessionInfo(
            user_id=identity.user_id, profile=info, timestamp=wall * 1e3, session_id=identity.id
        )
        return [Send(message)]

    def text(self, text: bytes, now: float, wall: float) -> list[Command]:
        """Take a text message. Each is evidence of a live client, even one that is malformed and counts as an error."""
        session = self.session
        session.evidence(EvidenceKind.MESSAGE, now)
        try:
            message = messages.decode(text)
        except messages.WireError as error:
            return self._malformed(str(error))
        match message:
            case None:
                session.errors.unknown += 1
                return [Close(CloseReason.PROTOCOL_ERROR)] if session.errors.unknown > MAX_ERRORS else []
            case messages.ClientPing():
                return [Send(self._pong(message, wall))]
            case messages.ClientPong():
                self._answered(message, now)
            case messages.ClientConfirmation():
                session.confirmed(message.received_bytes, message.sent_bytes)
            case messages.StartTraffic():
                # Only the old worker sends this; it then uploads at a rate of its own.
                session.held_back = session.profile.uploads
                self.wish(message.rate, now)
            case messages.RequestDownload():
                self.wish(message.rate, now)
            case messages.StopTest() | messages.StopTraffic():
                ack = messages.StopTestAck(
                    user_id=session.identity.user_id, timestamp=wall * 1e3, message="Test stopped"
                )
                return [Send(ack), Close(CloseReason.CLIENT_STOPPED)]
            case ClientRunReport():
                return self._run_report(message)
            case _:
                # An announcement, or an answer that counts as evidence only.
                pass
        return []

    def pong(self, data: bytes, now: float) -> float | None:
        """Take a pong frame; return the round trip in seconds, or None if it answers no ping of ours."""
        round_trip = self._frames.answered(data, now)
        if round_trip is not None:
            self.session.echoed(data)
            self.session.pong(round_trip, now)
        return round_trip

    def ping_sent(self, ping: Ping, now: float) -> None:
        """Note that a ping frame was written; without room in the write buffer none is."""
        self._frames.sent(ping.data, now)
        self.session.sums.pings += 1

    def payload_ping(self, now: float) -> bytes | None:
        """Return the data of the ping that the next portion of payload is to carry, if any."""
        return _random_ping() if self.session.proof.wants_ping(now) else None

    def payload_pinged(self, data: bytes, behind: int, now: float) -> None:
        """Note a ping within the portion just counted, with ``behind`` of its bytes behind the ping."""
        self.ping_sent(Ping(data), now)
        self.session.proof.pinged(data, behind, now)

    def probes(self, now: float, wall: float) -> list[Command]:
        """Return the pings and liveness tests that are due at a control pass.

        A probe gets no messages: its own pings show that it is there.
        """
        session = self.session
        due: list[Command] = []
        if self._heartbeat.due(now, HEARTBEAT_S) and session.wants_ping(now):
            due.append(Ping(_random_ping()))
        if session.profile.only_measures or session.profile.is_stream:
            return due
        user_id, milliseconds = session.identity.user_id, wall * 1e3
        if self._pings.due(now, HEARTBEAT_S):
            self._sequence += 1
            self._by_sequence.sent(self._sequence, now)
            self._by_timestamp.sent(milliseconds, now)
            due.append(Send(messages.ServerPing(user_id, self._sequence, milliseconds, wall)))
        if self._tests.due(now, session.timeouts.probe_timeout):
            due.append(Send(messages.ConnectionTest(user_id, milliseconds)))
        return due

    def updates(self, now: float, wall: float, interval: float) -> list[Command]:
        """Return the figures and the upload request of a control pass; ``interval`` is the seconds to the next pass.

        A probe gets none: the answers to its pings would wait behind them, longer still when they are lost.
        """
        session = self.session
        if session.profile.only_measures or session.profile.is_stream:
            return []
        update = messages.RealTimeUpdate()
        fill(update, session, now, wall)
        due: list[Command] = [Send(update)]
        wanted = session.upload_due(now + interval)
        if wanted > 0:
            request = messages.RealUploadRequest(
                target_bytes=wanted,
                optimal_chunk_size=min(wanted, self._chunk_bytes(wanted)),
                duration_ms=round(interval * 1e3),
                timestamp=wall * 1e3,
            )
            due.append(Send(request))
        return due

    def _chunk_bytes(self, wanted: int) -> int:
        if not self.session.profile.uploads_bulk:
            # As the application sends: a quarter of a second of it at once is a queue of our own on a slow uplink.
            portion_bytes = self.session.upload.shape.portion_bytes
            return min(max(portion_bytes, MIN_UPLOAD_CHUNK_BYTES), UPLOAD_CHUNK_BYTES)
        # At 1 Gbit/s these are 477 frames a second, of the 500 that a client may send.
        return min(max(wanted // BULK_CHUNKS, MIN_BULK_CHUNK_BYTES), MAX_BULK_CHUNK_BYTES)

    def farewell(self, now: float, wall: float) -> list[Command]:
        """Return the last message before a close; the session's reason is set."""
        session = self.session
        reason = session.close_reason or CloseReason.INTERNAL
        complete = messages.SessionComplete(
            session_duration=session.age(now), reason=reason.value, detail=session.close_detail
        )
        fill(complete, session, now, wall)
        return [Send(complete)]

    def wish(self, rate: float | None, now: float) -> None:
        """Lower the download rate to the client's wish, of a profile that only uploads in bulk the upload rate.

        A wish above the profile's rate is ignored. The rate is Mbit/s. Clients of the earlier system send bit/s: every
        number above ``MAX_RATE_MBPS``.
        """
        session = self.session
        if rate is not None and rate > 0 and math.isfinite(rate):
            direction = session.download if session.profile.downloads else session.upload
            direction.limit(rate if rate > MAX_RATE_MBPS else rate * MEGABIT, now)

    def _run_report(self, report: ClientRunReport) -> list[Command]:
        if self.session.profile.key != PROBE.key:
            return self._malformed(f"run_report: only a session of {PROBE.key} may send one")
        if report.client.kind == "server":
            return self._malformed("run_report: client.kind must be page or householdctl - at `$.client.kind`")
        if self._reported:
            return self._malformed("run_report: one session may send one only")
        self._reported = True
        return [StoreReport(report)]

    def _malformed(self, error: str) -> list[Command]:
        errors = self.session.errors
        errors.malformed += 1
        if errors.malformed > MAX_ERRORS:
            return [Close(CloseReason.MALFORMED)]
        told, errors.told = errors.told, True
        return [] if told else [Send(messages.ErrorMessage(error=error))]

    def _pong(self, ping: messages.ClientPing, wall: float) -> messages.ServerPong | messages.ProbePong:
        if self.session.profile.only_measures:
            tcp = server_tcp(self.session) if ping.tcp else None
            return messages.ProbePong(sequence=ping.sequence, server_tcp=tcp)
        return messages.ServerPong(
            user_id=self.session.identity.user_id,
            sequence=0 if ping.sequence is None else ping.sequence,
            timestamp=ping.timestamp,
            client_timestamp=ping.timestamp,
            server_timestamp=wall * 1e3,
            server_time=wall,
        )

    def _answered(self, pong: messages.ClientPong, now: float) -> None:
        if isinstance(pong.sequence, int):
            round_trip = self._by_sequence.answered(pong.sequence, now)
        else:
            answers = (self._by_timestamp.answered(echo, now) for echo in pong.echoes if echo is not None)
            round_trip = next((answer for answer in answers if answer is not None), None)
        if round_trip is not None:
            self.session.latency.add(round_trip * 1e3)


def _random_ping() -> bytes:
    return secrets.token_bytes(PING_BYTES)
