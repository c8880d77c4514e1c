"""What every queue discipline does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.link_emulator.packets import LINK_HEADER


@dataclass(slots=True)
class Count:
    """Packets and their bytes on the link."""

    packets: int = 0
    octets: int = 0

    def add(self, packet: bytes) -> None:
        self.packets += 1
        self.octets += len(packet) + LINK_HEADER


class Discipline(Protocol):
    """A queue in front of a link. Times are in seconds and never decrease."""

    dropped: Count

    @property
    def backlog(self) -> int:
        """Bytes on the link of the packets that wait."""

    def enqueue(self, packet: bytes, now: float) -> None:
        """Queue a packet; drop it or another if the queue is full."""

    def dequeue(self, now: float) -> bytes | None:
        """Return the packet to send next; None if none waits."""
