"""What the server puts on the wire, seen where the router receives it: before the bottleneck, and before a cut."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.lab.network import Network

_IPV4 = 0x0800
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING = 263, 6, 23
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_HEADERS = 128
"""Bytes of a packet that hold its Ethernet, IPv4 and TCP headers, however many options they have."""

_SYN = 0x02


class Segment(NamedTuple):
    """One packet with data. TSO may make it larger than the line's packets."""

    at: float
    """Monotonic time."""
    first: int
    """Bytes that had not been on the wire before."""
    again: int
    """Bytes that had."""


@dataclass
class Flow:
    """What the server sent to one port of the client, TCP's headers not counted."""

    segments: list[Segment] = field(default_factory=list)
    next_sequence: int | None = None

    def add(self, at: float, sequence: int, length: int, flags: int) -> None:
        """Takes a packet."""
        if flags & _SYN or self.next_sequence is None:
            # A port used again is a new flow.
            self.next_sequence = sequence + 1 if flags & _SYN else sequence
        if length == 0 or flags & _SYN:
            return
        # Sequence numbers wrap, so the way from one to the other is taken as a signed number.
        end = sequence + length - self.next_sequence
        ahead = (end + 2**31) % 2**32 - 2**31
        first = min(max(ahead, 0), length)
        self.next_sequence += first
        self.segments.append(Segment(at, first, length - first))


@dataclass(frozen=True)
class Sent:
    """What went out to one client after a moment."""

    first: int
    """Bytes sent for the first time."""
    again: int
    """Bytes sent again."""
    last_first: float
    """Seconds from the moment to the last new byte; 0 when there was none."""
    last: float
    """Seconds from the moment to the last byte, new or not; 0 when there was none."""


class Wire:
    """A capture that runs in a thread of its own."""

    def __init__(self, network: Network, port: int) -> None:
        """``port`` is the server's."""
        with network.router.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 * 1024 * 1024)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.bind(("to-server", _IPV4))
        self._socket.settimeout(0.1)
        self._port = port
        self._flows: defaultdict[int, Flow] = defaultdict(Flow)
        self._offset = time.time_ns() - time.monotonic_ns()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._capture, name="wire")
        self._thread.start()

    def stop(self) -> None:
        """Ends the capture. Raises AssertionError where it has missed packets, because then its sums are too small."""
        self._stop.set()
        self._thread.join()
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._socket.close()
        _, missed = struct.unpack("II", statistics)
        if missed:
            raise AssertionError(f"the capture missed {missed} packets")

    @property
    def ports(self) -> list[int]:
        """The client's ports that data went to."""
        return [port for port, flow in list(self._flows.items()) if flow.segments]

    def before(self, client_port: int, moment: float) -> int:
        """Bytes that went to ``client_port`` for the first time before the monotonic time ``moment``."""
        return sum(segment.first for segment in list(self._flows[client_port].segments) if segment.at < moment)

    def after(self, client_port: int, moment: float) -> Sent:
        """What went to ``client_port`` after the monotonic time ``moment``."""
        segments = [segment for segment in list(self._flows[client_port].segments) if segment.at > moment]
        return Sent(
            first=sum(segment.first for segment in segments),
            again=sum(segment.again for segment in segments),
            last_first=max((segment.at for segment in segments if segment.first), default=moment) - moment,
            last=max((segment.at for segment in segments), default=moment) - moment,
        )

    def _capture(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                packet, ancillary, _, _ = self._socket.recvmsg(_HEADERS, 64)
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
                self._take((seconds * 10**9 + nanoseconds - self._offset) / 1e9, packet)

    def _take(self, at: float, packet: bytes) -> None:
        ip = packet[14:]
        header = (ip[0] & 0x0F) * 4
        if ip[9] != socket.IPPROTO_TCP:
            return
        source, destination, sequence = struct.unpack_from("!HHI", ip, header)
        if source != self._port:
            return
        total = int.from_bytes(ip[2:4])
        length = total - header - (ip[header + 12] >> 4) * 4
        self._flows[destination].add(at, sequence, length, ip[header + 13])


@contextmanager
def capture(network: Network, port: int) -> Iterator[Wire]:
    """A capture for the length of a block."""
    wire = Wire(network, port)
    try:
        yield wire
    finally:
        wire.stop()
