"""IP packets: their size on the link and the flow they belong to."""

from __future__ import annotations

LINK_HEADER = 14
"""Bytes of Ethernet's header, which a packet has on the link beside its own."""

FULL_SIZE = 1500 + LINK_HEADER
"""Bytes on the link of the largest packet."""

_TCP, _UDP = 6, 17
_FRAGMENT = 0x1FFF | 0x2000
"""Fragment offset and "more fragments" in the word of flags of IPv4."""


def flow_of(packet: bytes) -> bytes:
    """Return what identifies the flow of an IPv4 or IPv6 packet: protocol, addresses and, if it has them, ports.

    A fragment of IPv4 and a packet of IPv6 with extension headers have no ports here, so they form a flow of their own.
    """
    if packet[0] >> 4 == 4:
        fragment = (packet[6] << 8 | packet[7]) & _FRAGMENT
        ports = (packet[0] & 15) * 4
        addresses, protocol = packet[12:20], packet[9]
    else:
        fragment, ports = 0, 40
        addresses, protocol = packet[8:40], packet[6]
    if fragment or protocol not in {_TCP, _UDP}:
        return addresses + bytes((protocol,))
    return addresses + packet[ports : ports + 4] + bytes((protocol,))
