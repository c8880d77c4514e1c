"""Callers, identified by the gate's random name for a connection; nothing that the client sends counts."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Peer as identified by the kernel or by its certificate."""

    actor: str
    """User, or names of a certificate."""
    via: str
    """Socket and process, or TCP and address, for people."""
    uid: int | None = None
    """None with a certificate."""
    gids: frozenset[int] = frozenset()
    """Primary and supplementary groups when it connected."""
    names: frozenset[str] = frozenset()
    """Subject alternative names with kinds: ``URI:spiffe://isp.example/noc``."""


@dataclass
class CallerConnection:
    """A control connection and its RPCs."""

    caller: Caller
    rpcs: int = 0


CALLER: ContextVar[Caller] = ContextVar("caller")
"""Caller of the RPC in the daemon's server."""

_SCHEME = "unix-abstract:"


class Connections:
    """Connections by name at the private socket."""

    def __init__(self) -> None:
        self._open: dict[str, CallerConnection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, caller: Caller) -> str:
        """Return a new name, to which the gate binds its end."""
        name = f"householdd-{secrets.token_hex(16)}"
        self._open[name] = CallerConnection(caller)
        return name

    def discard(self, name: str) -> None:
        """Forget a name; later RPCs under it have no caller."""
        self._open.pop(name, None)

    def of_peer(self, peer: str) -> CallerConnection | None:
        """Return None if the gate does not know the peer."""
        return self._open.get(peer.removeprefix(_SCHEME)) if peer.startswith(_SCHEME) else None
