"""The counters of network interfaces, as /proc/net/dev has them."""

from __future__ import annotations


def columns_of(text: str, interface: str) -> list[str]:
    """The counters of an interface, in the order of /proc/net/dev: eight of what it received, eight of what it sent."""
    row = next(row for row in text.splitlines() if row.strip().startswith(f"{interface}:"))
    return row.partition(":")[2].split()
