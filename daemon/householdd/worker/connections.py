"""The connection under a session as a message of the control API."""

from __future__ import annotations

from household.v1 import session_pb2 as pb
from householdd.controlplane.convert import duration
from householdd.dataplane import sockets
from householdd.dataplane.runner import Runner

_NO_ROUND_TRIP = 2**32 - 1
"""What the kernel gives as least round trip before the first."""


def message(runner: Runner) -> pb.Connection | None:
    """What the last control pass saw; None before the first, and when the connection is going."""
    tcp, link = runner.tcp, runner.link
    if tcp is None or not link.open:
        return None
    return pb.Connection(
        round_trip=duration(tcp.rtt / 1e6),
        min_round_trip=None if tcp.min_rtt == _NO_ROUND_TRIP else duration(tcp.min_rtt / 1e6),
        retransmits=tcp.total_retrans,
        unacked_segments=tcp.unacked,
        unsent_bytes=tcp.notsent,
        buffered_bytes=link.buffered,
        delivery_rate_bps=tcp.delivery_rate * 8,
        ack_age=duration(tcp.last_ack_recv / 1e3),
        congestion_control=sockets.congestion_control(link.socket),
    )
