"""A filter over a worker's own sessions, and these as messages of the control API."""

from __future__ import annotations

from household.v1 import session_pb2 as pb
from householdd.api import convert, filters, requests
from householdd.session.session import Session, Transport
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager


class SessionSelection:
    """Selects a worker's sessions by a filter, and converts no more of a session than the filter reads."""

    def __init__(self, text: str, manager: SessionManager, worker: str, *, constant_only: bool = False) -> None:
        """``text`` is the filter, ``constant_only`` as in ``filters.parse``. Raise Refusal for a wrong filter."""
        self._predicate = requests.predicate(text, constant_only=constant_only)
        self._constant = bool(text.strip()) and filters.is_constant(text)
        """Whether the filter reads constant fields only; an empty one reads nothing."""
        self._manager = manager
        self._worker = worker

    def fits(self, session: Session) -> bool:
        """Return whether the session is selected."""
        if self._constant:
            return self._predicate(convert.constants(session, self._worker))
        return self._predicate(describe(self._manager, session, self._worker))

    def pick(self, session: Session) -> pb.Session | None:
        """Return the whole session, or None if it is not selected."""
        if self._constant and not self.fits(session):
            return None
        message = describe(self._manager, session, self._worker)
        return message if self._constant or self._predicate(message) else None


def describe(manager: SessionManager, session: Session, worker: str, *, samples: bool = False) -> pb.Session:
    """Return a session of ``manager``, live or ended, with its connection.

    ``samples`` adds the percentiles of the kernel's round trips, which takes up to a millisecond.
    """
    message = convert.session(session, worker, manager.clock.now())
    driver = manager.live.get(session.identity.id)
    connection = _live(driver) if driver is not None else _last(session)
    if connection is not None:
        message.connection.CopyFrom(connection)
        if samples and (sampled := _samples(session)) is not None:
            message.connection.samples.CopyFrom(sampled)
    return message


def _live(driver: SessionDriver) -> pb.Connection | None:
    """Return the connection as of the last control pass; None before the first, and once it is closing."""
    tcp, connection, transport = driver.tcp, driver.connection, driver.session.transport
    if tcp is None or transport is None or not connection.open:
        return None
    message = _lasting(transport)
    message.unacked_segments = tcp.unacked
    message.unsent_bytes = tcp.notsent
    message.buffered_bytes = connection.buffered
    message.ack_age.CopyFrom(convert.duration(tcp.last_ack_recv / 1e3))
    return message


def _last(session: Session) -> pb.Connection | None:
    """Return the last report of an ended session's connection, or None."""
    return None if session.transport is None else _lasting(session.transport)


def _samples(session: Session) -> pb.RoundTripSamples | None:
    figures = session.kernel.figures()
    percentiles = [each for each in (figures.p50_ms, figures.p95_ms, figures.p99_ms) if each is not None]
    if not percentiles:
        return None
    p50, p95, p99 = (convert.duration(each / 1e3) for each in percentiles)
    return pb.RoundTripSamples(count=figures.count, p50=p50, p95=p95, p99=p99)


def _lasting(transport: Transport) -> pb.Connection:
    least = transport.min_round_trip
    return pb.Connection(
        round_trip=convert.duration(transport.round_trip),
        min_round_trip=None if least is None else convert.duration(least),
        retransmits=transport.retransmits,
        delivery_rate_bps=transport.delivery_rate_bps,
        congestion_control=transport.congestion_control,
        receiver_limited=transport.receiver_limited,
        retransmitted=transport.retransmitted,
        congestion_experienced=transport.congestion_experienced,
    )
