"""Gateway of the route to the server, and its round trips by ICMP echo."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from household_scoring.home_or_line import GatewayPings
from householdctl.data_plane.cadence import Cadence
from householdctl.data_plane.route import route_to

if TYPE_CHECKING:
    from household_scoring.home_or_line import Reason
    from householdctl.data_plane.route import Address

# <linux/icmp.h>, <linux/icmpv6.h>. The kernel sets checksum and identifier, and delivers nothing but replies.
_ECHO_HEADER = struct.Struct("!BBHHH")
_ECHO_REQUEST = {4: 8, 6: 128}
_PAYLOAD = bytes(56)
"""As much as ping(8) sends."""
_SEQUENCES = 2**16

_SO_TIMESTAMPNS = 35
"""Of <asm-generic/socket.h>; Python has no name for it."""
_TIMESPEC = struct.Struct("@ll")
_BUFFER_BYTES = 2048
_ANCILLARY_BYTES = 256


class NoGatewayError(Exception):
    """No gateway can be pinged."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class HomeGateway:
    """First router on the way to the server."""

    address: Address
    interface: str

    def __str__(self) -> str:
        """Return the address, of a link-local one with its interface."""
        return f"{self.address}%{self.interface}" if self.address.is_link_local else str(self.address)


@dataclass(frozen=True)
class GatewayFacts:
    """Measurements of the gateway, or the reason why there are none."""

    address: str | None = None
    pings: GatewayPings | None = None
    obstacle: Reason | None = None


def find_gateway(peer: str, local: str) -> HomeGateway:
    """Return the gateway between the two addresses of a connection. Raise NoGatewayError."""
    destination, source = _plain(peer), _plain(local)
    try:
        route = route_to(destination, source)
        interface = socket.if_indextoname(route.interface)
    except (OSError, ValueError):
        raise NoGatewayError("no_route") from None
    if route.is_local:
        raise NoGatewayError("same_machine")
    if route.gateway is None or route.gateway == destination:
        raise NoGatewayError("local_network")
    return HomeGateway(route.gateway, interface)


def _plain(address: str) -> Address:
    found = ip_address(address)
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


class GatewayPinger:
    """Pings a gateway; times are of ``time.monotonic``.

    The socket is that of an unprivileged ping (icmp(7), ``ping_group_range``). The kernel stamps arrivals, so that a
    busy process makes no answer late.
    """

    def __init__(self, gateway: HomeGateway) -> None:
        """Raise NoGatewayError if this process may not ping."""
        self._gateway = gateway
        self._version = gateway.address.version
        self._sent: list[tuple[float, int]] = []
        """By monotonic clock in seconds, and by wall clock in nanoseconds."""
        self._round_trips: dict[int, float] = {}
        """Milliseconds by index."""
        family, protocol = (
            (socket.AF_INET, socket.IPPROTO_ICMP) if self._version == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        )
        try:
            self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, protocol)
        except OSError:
            raise NoGatewayError("not_permitted") from None
        try:
            # Of two interfaces in one network, the one that the test uses.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, gateway.interface.encode())
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.connect(_socket_address(gateway))
        except OSError:
            self._socket.close()
            raise NoGatewayError("no_route") from None

    async def ping(self, hertz: float, turn: float) -> None:
        """Ping until cancelled."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        cadence = Cadence(hertz, turn)
        try:
            while True:
                await cadence.due()
                self._send()
        finally:
            loop.remove_reader(self._socket)

    def close(self) -> None:
        self._socket.close()

    def facts(self, idle_until: float, began: float, ended: float) -> GatewayFacts:
        """Return the idle pings answered by ``idle_until``, and those of the load."""
        idle = [index for index, (at, _) in enumerate(self._sent) if at < idle_until]
        loaded = [index for index, (at, _) in enumerate(self._sent) if began <= at < ended]
        pings = GatewayPings(
            idle_ms=tuple(
                self._round_trips[index]
                for index in idle
                if index in self._round_trips and self._sent[index][0] + self._round_trips[index] / 1e3 <= idle_until
            ),
            idle_sent=len(idle),
            loaded_ms=tuple(self._round_trips[index] for index in loaded if index in self._round_trips),
            loaded_sent=len(loaded),
        )
        return GatewayFacts(str(self._gateway), pings)

    def _send(self) -> None:
        echo = _ECHO_HEADER.pack(_ECHO_REQUEST[self._version], 0, 0, 0, len(self._sent) % _SEQUENCES)
        self._sent.append((time.monotonic(), time.time_ns()))
        try:
            self._socket.send(echo + _PAYLOAD)
        except OSError:
            # A full queue, a filter, or the ICMP error of an earlier ping: this one has no answer.
            return

    def _receive(self) -> None:
        try:
            data, ancillary, _, sender = self._socket.recvmsg(_BUFFER_BYTES, _ANCILLARY_BYTES)
        except OSError:
            # The ICMP error of a ping, or nothing to read.
            return
        self._take(data, _stamp(ancillary), sender)

    def _take(self, data: bytes, at: int, sender: tuple[Any, ...]) -> None:
        # Replies of other hosts come too.
        if _plain(sender[0].partition("%")[0]) != self._gateway.address:
            return
        sequence = _ECHO_HEADER.unpack_from(data)[4]
        newest = len(self._sent) - 1
        index = newest - (newest - sequence) % _SEQUENCES
        # A clock that was set back would give a negative round trip.
        if index >= 0 and at >= self._sent[index][1]:
            self._round_trips.setdefault(index, (at - self._sent[index][1]) / 1e6)


def _socket_address(gateway: HomeGateway) -> tuple[Any, ...]:
    if gateway.address.version == 4:
        return (str(gateway.address), 0)
    return (str(gateway.address), 0, 0, socket.if_nametoindex(gateway.interface))


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the time of arrival by the wall clock, in nanoseconds."""
    stamps = [data for level, kind, data in ancillary if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS)]
    seconds, nanoseconds = _TIMESPEC.unpack(stamps[0])
    return int(seconds) * 10**9 + int(nanoseconds)
