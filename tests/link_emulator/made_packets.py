"""IP packets for tests."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from tests.link_emulator.packets import LINK_HEADER

UDP, TCP, ICMP = 17, 6, 1


def packet(size: int = 1514, port: int = 1, number: int = 0, protocol: int = UDP, fragment: int = 0) -> bytes:
    """An IPv4 packet of ``size`` bytes on the link, from a port; ``number`` tells it from others of its flow."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, size - LINK_HEADER, 0, fragment, 64, protocol, 0)
    addresses = ip_address("10.0.0.1").packed + ip_address("10.0.0.2").packed
    return (head + addresses + struct.pack("!HHI", port, 2, number)).ljust(size - LINK_HEADER, b"\0")


def packet6(port: int, protocol: int = UDP, source: str = "2001:db8::1") -> bytes:
    """An IPv6 packet."""
    head = struct.pack("!IHBB", 6 << 28, 8, protocol, 64)
    return head + ip_address(source).packed + ip_address("2001:db8::2").packed + struct.pack("!HHI", port, 2, 0)


def port_of(made: bytes) -> int:
    return int.from_bytes(made[20:22])


def number_of(made: bytes) -> int:
    return int.from_bytes(made[24:28])
