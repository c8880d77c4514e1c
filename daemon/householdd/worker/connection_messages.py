"""The connection under a session as a message of the control API."""

from __future__ import annotations

from household.v1 import session_pb2 as pb
from householdd.api.convert import duration
from householdd.session.session import Session, Transport
from householdd.worker.session_driver import SessionDriver


def message(driver: SessionDriver) -> pb.Connection | None:
    """What the last control pass saw; None before the first, and when the connection is going."""
    tcp, link, transport = driver.tcp, driver.connection, driver.session.transport
    if tcp is None or transport is None or not link.open:
        return None
    message = _lasting(transport)
    message.unacked_segments = tcp.unacked
    message.unsent_bytes = tcp.notsent
    message.buffered_bytes = link.buffered
    message.ack_age.CopyFrom(duration(tcp.last_ack_recv / 1e3))
    return message


def last(session: Session) -> pb.Connection | None:
    """What was last seen of the connection of a session that has ended; None where nothing was."""
    return None if session.transport is None else _lasting(session.transport)


def _lasting(transport: Transport) -> pb.Connection:
    least = transport.min_round_trip
    return pb.Connection(
        round_trip=duration(transport.round_trip),
        min_round_trip=None if least is None else duration(least),
        retransmits=transport.retransmits,
        delivery_rate_bps=transport.delivery_rate_bps,
        congestion_control=transport.congestion_control,
    )
