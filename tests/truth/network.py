"""A server and a client with a line between them, however it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.netns import Namespace
from tests.truth.counters import Meter


@dataclass(frozen=True)
class Network:
    """Two namespaces. The server's address is that of :mod:`tests.lab.network`."""

    server: Namespace
    client: Namespace
    meters: Mapping[str, Meter]
    """By direction."""

    def missed_packets(self) -> int:
        """How many packets got lost beside the line's own queue, because it was not as fast as it claims."""
        return 0
