"""Who is calling. A connection is named by a random id that only the gate gives; nothing the client sends counts."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Who is at the other end of a control connection, as kernel or certificate say."""

    actor: str
    """For people: a user's name or number, or the certificate's names."""
    via: str
    """For people: by unix socket and from which process, or by TCP and from which address."""
    uid: int | None = None
    """None where the caller is known by a certificate."""
    gids: frozenset[int] = frozenset()
    """Primary and supplementary groups of the process at the time it connected."""
    names: frozenset[str] = frozenset()
    """Subject alternative names of the certificate, each with its kind: ``URI:spiffe://isp.example/noc``."""


@dataclass
class Connection:
    """A control connection and what it has under way."""

    caller: Caller
    rpcs: int = 0
    """RPCs open on it."""


CALLER: ContextVar[Caller] = ContextVar("caller")
"""The caller of the RPC that a handler works on; set in the daemon's own server, not in a worker's."""

_SCHEME = "unix-abstract:"


class Connections:
    """The control connections that are open, by the name which each has at the private socket."""

    def __init__(self) -> None:
        self._open: dict[str, Connection] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def add(self, caller: Caller) -> str:
        """A name that was never used before, which the gate's end of the caller's connection is to have."""
        name = f"householdd-{secrets.token_hex(16)}"
        self._open[name] = Connection(caller)
        return name

    def discard(self, name: str) -> None:
        """Ends the name; RPCs that arrive under it later have no caller."""
        self._open.pop(name, None)

    def of_peer(self, peer: str) -> Connection | None:
        """The connection behind what gRPC calls the peer; None where the gate knows none."""
        return self._open.get(peer.removeprefix(_SCHEME)) if peer.startswith(_SCHEME) else None
