"""What a player is told, and what it tells: both sides of its standard input and output."""

from __future__ import annotations

import ssl

import msgspec


class Order(msgspec.Struct, frozen=True):
    """The first line on a player's standard input."""

    ws_url: str
    """What a user id is appended to."""
    ca_file: str
    behaviour: str
    """A name in tests.lab.player.BEHAVIOURS."""
    users: list[str]
    """User ids with their queries; one client each."""
    rate: int = 0
    """Bytes or attempts per second, where the behaviour has a rate."""

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the daemon's certificate whatever address it is reached at."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.check_hostname = False
        return context


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line on a player's standard output."""

    at: float
    """Monotonic time, the same clock in all processes of a machine."""
    user: str
    received: int = 0
    """Payload or, for a client without WebSocket, wire bytes received so far."""
    what: str = ""
    """What happened, where it is not a sample of the sum."""
    count: int = 0
    """How often it happened."""
