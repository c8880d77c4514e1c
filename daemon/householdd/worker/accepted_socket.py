"""A connection from its beginning on, before anything is known of what it is for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from householdd.session.session import Identity
from householdd.worker.request_target import SessionTarget


@dataclass(frozen=True)
class Wanted:
    """A session that was let in."""

    target: SessionTarget
    identity: Identity


@dataclass(eq=False, slots=True)
class AcceptedSocket:
    """A connection until it has a session or is gone."""

    sock: socket.socket
    host: str
    """The client's address."""
    port: int
    abort: Callable[[], None]
    """Ends the connection now, by a reset."""
    deadline: float
    """Time of the event loop by which TLS is to be done."""
    first: bytes = b""
    """The first byte that came from the client, which is still to be read; empty before."""
    asked: bool = False
    """Whether it sent a whole request."""
    dropped: bool = False
    """Whether it was given up for another one's sake."""
    wanted: Wanted | None = None
    """Set from the request to the begin of the session."""

    @property
    def spoke(self) -> bool:
        """Whether anything came from the client."""
        return bool(self.first)

    @property
    def plain(self) -> bool:
        """Whether the client speaks without TLS: a request begins with a letter, and a record of TLS does not."""
        return self.first.isalpha()
