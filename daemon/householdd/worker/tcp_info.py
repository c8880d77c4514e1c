"""What the kernel knows of a connection: ``struct tcp_info`` of linux/tcp.h."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
from typing import NamedTuple

from householdd.session.session import Transport

_NO_ROUND_TRIP = 2**32 - 1
"""What the kernel gives as least round trip before the first."""

_SIOCOUTQNSD = 0x894B
"""Of linux/sockios.h; it answers with an int."""

_INT = bytes(4)

_LAYOUT = struct.Struct("=3x2B3x 16xI 28xI 8x2I 24xI 16xQ 8x 8x2I 8x Q24x I4x 2Q")
"""The structure up to ``tcpi_bytes_retrans``, Linux 4.19; what is not read is skipped. Older kernels return less of it,
newer ones more."""


class TcpInfo(NamedTuple):
    """One reading, in the order of the structure. What the kernel is too old to tell is 0."""

    probes: int
    """Window probes that went unanswered."""
    backoff: int
    """How often the retransmission timer was doubled."""
    unacked: int
    """Segments in flight."""
    last_ack_recv: int
    """Milliseconds since the last acknowledgement came in, new or not."""
    rtt: int
    """Smoothed round trip in microseconds."""
    rttvar: int
    """Its deviation in microseconds."""
    total_retrans: int
    """Segments that were sent again."""
    bytes_acked: int
    """Bytes that the peer acknowledged in order."""
    notsent: int
    """Bytes in the kernel's buffer that were never sent."""
    min_rtt: int
    """Least round trip in microseconds; all ones before the first."""
    delivery_rate: int
    """Latest rate at which data reached the peer, in bytes per second."""
    delivered: int
    """Segments that the peer acknowledged, out of order too."""
    bytes_sent: int
    """Payload bytes sent, with those sent again."""
    bytes_retrans: int
    """Payload bytes sent again."""

    def transport(self, congestion_control: str) -> Transport:
        """What of it says something about the whole connection."""
        return Transport(
            round_trip=self.rtt / 1e6,
            min_round_trip=None if self.min_rtt == _NO_ROUND_TRIP else self.min_rtt / 1e6,
            retransmits=self.total_retrans,
            delivery_rate_bps=self.delivery_rate * 8,
            congestion_control=congestion_control,
        )


def parse(data: bytes) -> TcpInfo:
    """Reads what ``getsockopt`` returned, however long it is."""
    return TcpInfo._make(_LAYOUT.unpack_from(data.ljust(_LAYOUT.size, b"\0")))


def unsent(fileno: int) -> int:
    """Bytes in the kernel's buffer that were never sent, as ``notsent``, for a tenth of what all the rest costs.

    Raises OSError when the socket is closed.
    """
    return int.from_bytes(fcntl.ioctl(fileno, _SIOCOUTQNSD, _INT), sys.byteorder)


def read(sock: socket.socket) -> TcpInfo:
    """Asks the kernel. Raises OSError when the socket is closed."""
    return parse(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAYOUT.size))
