"""Assignment of flows to a fixed number of queues by a hash."""

from __future__ import annotations

from zlib import crc32

from tests.link_emulator.packets import flow_of

QUEUES = 1024
"""RFC 8290, section 5.2."""


def queue_of(packet: bytes, seed: int = 0) -> int:
    """Return the number of the packet's queue. Flows share a queue by chance, and another seed parts them."""
    return crc32(flow_of(packet), seed) % QUEUES
