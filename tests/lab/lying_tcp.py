"""A TCP of our own behind a bottleneck, whose receiver acknowledges what never arrived.

It is the worst client there can be: it knows every byte that the server sent, as though it guessed right each time, and
acknowledges all of it at once. Only what its line carries has arrived, and only pings that arrived whole can be echoed.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

from tests.lab.netns import Namespace
from tests.lab.tun import open_tun

SERVER, CLIENT = "10.9.0.1", "10.9.0.2"
CLIENT_PORT = 40_000

_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
_OPTIONS = bytes([2, 4, 5, 0xB4, 3, 3, 10, 1])
"""Of the first segment: 1460 bytes at most, and a window in units of 1024 bytes."""

_HEADERS_BYTES = 40
_EPOCH = 1000
"""First sequence number of the client."""


def open_line(namespace: Namespace, name: str) -> int:
    """Return a descriptor of a new TUN device in ``namespace``, with the server's address on it."""
    tun = open_tun(namespace, name)
    namespace.ip("addr", "add", SERVER, "peer", CLIENT, "dev", name)
    namespace.ip("link", "set", name, "up", "mtu", "1500", "txqueuelen", "10000")
    return tun


@dataclass
class Bottleneck:
    """A line of ``rate_bps`` with a queue that drops what it has no room for."""

    rate_bps: float
    queue_bytes: int
    _free_at: float = 0.0

    def arrives_at(self, size: int, now: float) -> float | None:
        """Return when a packet of ``size`` bytes arrives that is sent now; None if it is dropped."""
        begin = max(self._free_at, now)
        if (begin - now) * self.rate_bps / 8 + size > self.queue_bytes:
            return None
        self._free_at = begin + size * 8 / self.rate_bps
        return self._free_at


@dataclass
class LyingClient:
    """One session of the user-space TCP; ``honest`` acknowledges and reads only what arrived."""

    tun: int
    port: int
    path: str
    line: Bottleneck
    sent_bytes: int = 0
    """Bytes of TCP's data that the server put on the wire, also twice."""
    pongs: int = 0
    _sequence: int = _EPOCH
    _their_first: int = 0
    _stream: bytearray = field(default_factory=bytearray)
    _arrived: bytearray = field(default_factory=bytearray)
    """For each byte of the stream 1 where it arrived."""
    _parsed: int = -1
    """Where the next frame begins; -1 before the response's end."""
    _due: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    """Pings seen in the stream: time to look, and range of bytes, and data."""
    _last_arrival: float = 0.0

    def open(self) -> None:
        """Open the connection, and ask for the WebSocket."""
        self._send(_SYN, options=_OPTIONS)
        self._sequence += 1
        while not self._their_first:
            self._take(0.1)
        key = "AAAAAAAAAAAAAAAAAAAAAA=="
        request = (
            f"GET {self.path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
        self._send(_ACK | _PSH, request.encode())

    def run(self, seconds: float) -> float:
        """Play for some seconds; return the rate at which the server sent, in bit/s."""
        before, began = self.sent_bytes, time.monotonic()
        while time.monotonic() < began + seconds:
            self._take(0.002)
            self._answer()
        return (self.sent_bytes - before) * 8 / (time.monotonic() - began)

    def close(self) -> None:
        """Reset the connection."""
        self._send(_RST | _ACK)

    def _take(self, timeout: float) -> None:
        select.select([self.tun], [], [], timeout)
        took = 0
        while took < 256:
            try:
                packet = os.read(self.tun, 2048)
            except BlockingIOError:
                break
            took += self._segment(packet)
        if took:
            self._send(_ACK)

    def _segment(self, packet: bytes) -> bool:
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return False
        tcp = packet[(packet[0] & 15) * 4 :]
        _, port, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", tcp)
        if port != CLIENT_PORT:
            return False
        data = tcp[(offset >> 4) * 4 :]
        if flags & _SYN:
            self._their_first = sequence + 1
            return True
        if not data:
            return False
        self.sent_bytes += len(data)
        at = (sequence - self._their_first) & 0xFFFFFFFF
        arrival = self.line.arrives_at(len(data) + _HEADERS_BYTES, time.monotonic())
        end = at + len(data)
        if end > len(self._stream):
            more = end - len(self._stream)
            self._stream += bytes(more)
            self._arrived += bytes(more)
        self._stream[at:end] = data
        if arrival is not None:
            self._arrived[at:end] = b"\1" * len(data)
            self._last_arrival = arrival
        self._parse()
        return True

    def _parse(self) -> None:
        """Find the pings in all that was sent."""
        if self._parsed < 0:
            head = self._stream.find(b"\r\n\r\n")
            if head < 0:
                return
            self._parsed = head + 4
        while len(self._stream) - self._parsed >= 10:
            at = self._parsed
            size, head_size = self._stream[at + 1] & 127, 2
            if size == 126:
                size, head_size = int.from_bytes(self._stream[at + 2 : at + 4]), 4
            elif size == 127:
                size, head_size = int.from_bytes(self._stream[at + 2 : at + 10]), 10
            end = at + head_size + size
            if end > len(self._stream):
                return
            if self._stream[at] & 15 == Opcode.PING:
                self._due.append((self._last_arrival, at, end, bytes(self._stream[at + head_size : end])))
            self._parsed = end

    def _answer(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, at, end, data = self._due.pop(0)
            if all(self._arrived[at:end]):
                self.pongs += 1
                self._send(_ACK | _PSH, Frame(Opcode.PONG, data).serialize(mask=True))

    def _send(self, flags: int, data: bytes = b"", options: bytes = b"") -> None:
        acknowledged = (self._their_first + len(self._stream)) & 0xFFFFFFFF if self._their_first else 0
        offset = (20 + len(options)) // 4 << 4
        tcp = struct.pack(
            "!HHIIBBHHH", CLIENT_PORT, self.port, self._sequence, acknowledged, offset, flags, 65_535, 0, 0
        )
        segment = bytearray(tcp + options + data)
        source, target = socket.inet_aton(CLIENT), socket.inet_aton(SERVER)
        pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(segment))
        segment[16:18] = _checksum(pseudo + segment)
        head = bytearray(
            struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, socket.IPPROTO_TCP, 0, source, target)
        )
        head[10:12] = _checksum(bytes(head))
        os.write(self.tun, bytes(head + segment))
        self._sequence = (self._sequence + len(data)) & 0xFFFFFFFF


def _checksum(data: bytes) -> bytes:
    """Return the Internet checksum of RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF).to_bytes(2)
