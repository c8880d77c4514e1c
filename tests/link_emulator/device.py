"""The TUN device at one end of a line."""

from __future__ import annotations

from pathlib import Path

from tests.lab.interface_counters import columns_of
from tests.lab.netns import Namespace
from tests.lab.tun import open_tun

DEVICE = "line"

_WAITING = 1000
"""Packets that may wait for the process, outside of the line's own queue."""


def open_device(namespace: Namespace, address: str, peer: str) -> int:
    """Return a descriptor of a new device with a default route. Raises LabUnavailableError where it cannot be made."""
    descriptor = open_tun(namespace, DEVICE)
    namespace.ip("address", "add", address, "peer", peer, "dev", DEVICE)
    # Without an address IPv6 asks for no routers, so the line carries nothing but what its ends send.
    namespace.ip("link", "set", DEVICE, "addrgenmode", "none")
    namespace.ip("link", "set", DEVICE, "mtu", "1500", "txqueuelen", str(_WAITING), "up")
    # What clients have. A namespace's default cannot be cubic where the kernel keeps it for root; a route's can.
    namespace.ip("route", "add", "default", "dev", DEVICE, "congctl", "cubic")
    return descriptor


def unread_packets(namespace: Namespace) -> int:
    """Return how many packets the device dropped because the process was late."""
    with namespace.entered():
        text = Path("/proc/thread-self/net/dev").read_text()
    return int(columns_of(text, DEVICE)[11])
