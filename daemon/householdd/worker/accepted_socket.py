"""An accepted socket, before its client has asked for anything."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from householdd.session.session import Identity
from householdd.worker.request_target import SessionTarget


@dataclass(frozen=True)
class SessionRequest:
    """A request for a session that was admitted."""

    target: SessionTarget
    identity: Identity


@dataclass(eq=False, slots=True)
class AcceptedSocket:
    """An accepted socket until it has a session or is closed."""

    sock: socket.socket
    host: str
    """The client's address, which a PROXY header may replace."""
    port: int
    abort: Callable[[], None]
    """Resets the connection now."""
    deadline: float
    """Time of the event loop by which TLS must be done."""
    first: bytes = b""
    """The client's first byte, which is still to be read; empty before it has come."""
    asked: bool = False
    """Whether the client sent a whole request."""
    dropped: bool = False
    """Whether the connection was given up for another one."""
    request: SessionRequest | None = None
    """Only set from the request for a session until the session begins."""

    @property
    def spoke(self) -> bool:
        """Whether the client sent anything."""
        return bool(self.first)

    @property
    def plain(self) -> bool:
        """Whether the client speaks without TLS: a request begins with a letter, and a TLS record does not."""
        return self.first.isalpha()
