"""State of a TCP connection in the kernel: ``struct tcp_info`` of linux/tcp.h."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
from typing import NamedTuple

from householdd.session.session import Transport

_NO_ROUND_TRIP = 2**32 - 1
"""Value of ``min_rtt`` before the first measurement."""

_SIOCOUTQNSD = 0x894B
"""Request of linux/sockios.h, which returns an int."""

_INT = bytes(4)

_LAYOUT = struct.Struct("=3x2B3x 16xI 28xI 8x2I 24xI 16xQ 8x 8x2I 8x Q 2Q8x 2I 2Q")
"""The structure up to ``tcpi_bytes_retrans`` (Linux 4.19), without unused fields. Older kernels return less, newer ones
more."""

_ROUND_TRIP_LAYOUT = struct.Struct("=68xI 120xI")
"""``tcpi_rtt`` and ``tcpi_delivered`` alone."""


class TcpInfo(NamedTuple):
    """A reading, in the order of the structure. Fields unknown to an old kernel are 0."""

    probes: int
    """Unanswered window probes."""
    backoff: int
    """Number of times that the retransmission timer was doubled."""
    unacked: int
    """Segments in flight."""
    last_ack_recv: int
    """Milliseconds since the last acknowledgement, new or not."""
    rtt: int
    """Smoothed round trip in microseconds."""
    rttvar: int
    """Deviation of the round trip in microseconds."""
    total_retrans: int
    """Retransmitted segments."""
    bytes_acked: int
    """Bytes that the peer acknowledged in order."""
    notsent: int
    """Bytes in the kernel's buffer that were never sent."""
    min_rtt: int
    """Least round trip in microseconds; all ones before the first."""
    delivery_rate: int
    """Latest rate at which data reached the peer, in bytes per second."""
    busy_time: int
    """Microseconds with data that was not acknowledged yet."""
    rwnd_limited: int
    """Part of it in which the peer's receive window held data back."""
    delivered: int
    """Segments that the peer acknowledged, out of order too."""
    delivered_ce: int
    """Those of them whose acknowledgement reported congestion experienced (RFC 3168)."""
    bytes_sent: int
    """Payload bytes sent, including retransmitted ones."""
    bytes_retrans: int
    """Retransmitted payload bytes."""

    def transport(self, congestion_control: str) -> Transport:
        """Return the figures about the whole connection."""
        return Transport(
            round_trip=self.rtt / 1e6,
            min_round_trip=None if self.min_rtt == _NO_ROUND_TRIP else self.min_rtt / 1e6,
            retransmits=self.total_retrans,
            delivery_rate_bps=self.delivery_rate * 8,
            congestion_control=congestion_control,
            receiver_limited=_share(self.rwnd_limited, self.busy_time),
            retransmitted=_share(self.bytes_retrans, self.bytes_sent),
            congestion_experienced=_share(self.delivered_ce, self.delivered),
        )


def _share(part: int, whole: int) -> float | None:
    """Return the share to four decimals; None where an old kernel, or a connection without data, has no such figure."""
    return round(part / whole, 4) if whole else None


def parse(data: bytes) -> TcpInfo:
    """Parse what ``getsockopt`` returned, of any length."""
    return TcpInfo._make(_LAYOUT.unpack_from(data.ljust(_LAYOUT.size, b"\0")))


def read_round_trip(sock: socket.socket) -> tuple[int, int]:
    """Read ``rtt`` and ``delivered`` alone. Raise OSError if ``sock`` is closed."""
    data = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ROUND_TRIP_LAYOUT.size)
    return _ROUND_TRIP_LAYOUT.unpack(data.ljust(_ROUND_TRIP_LAYOUT.size, b"\0"))


def unsent(fileno: int) -> int:
    """Return ``notsent`` alone, for a tenth of the cost. Raise OSError if the socket is closed."""
    return int.from_bytes(fcntl.ioctl(fileno, _SIOCOUTQNSD, _INT), sys.byteorder)


def read(sock: socket.socket) -> TcpInfo:
    """Read the state of ``sock``. Raise OSError if it is closed."""
    return parse(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAYOUT.size))
