"""Callers. The gate gives each connection a random name; nothing that the client sends identifies it."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """The peer of a control connection, as identified by the kernel or by its certificate."""

    actor: str
    """Name or number of a user, or the names of a certificate."""
    via: str
    """Unix socket and process, or TCP and address, for people."""
    uid: int | None = None
    """None for a caller with a certificate."""
    gids: frozenset[int] = frozenset()
    """Primary and supplementary groups of the process when it connected."""
    names: frozenset[str] = frozenset()
    """Subject alternative names of the certificate with their kinds: ``URI:spiffe://isp.example/noc``."""


@dataclass
class CallerConnection:
    """A control connection and its RPCs."""

    caller: Caller
    rpcs: int = 0
    """Number of open RPCs."""


CALLER: ContextVar[Caller] = ContextVar("caller")
"""Caller of the current RPC; set in the daemon's server, not in a worker's."""

_SCHEME = "unix-abstract:"


class Connections:
    """The open control connections, by their names at the private socket."""

    def __init__(self) -> None:
        self._open: dict[str, CallerConnection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, caller: Caller) -> str:
        """Return a new name, to which the gate binds its end of the caller's connection."""
        name = f"householdd-{secrets.token_hex(16)}"
        self._open[name] = CallerConnection(caller)
        return name

    def discard(self, name: str) -> None:
        """Forget a name; later RPCs under it have no caller."""
        self._open.pop(name, None)

    def of_peer(self, peer: str) -> CallerConnection | None:
        """Return the connection of a gRPC peer; None if the gate does not know it."""
        return self._open.get(peer.removeprefix(_SCHEME)) if peer.startswith(_SCHEME) else None
