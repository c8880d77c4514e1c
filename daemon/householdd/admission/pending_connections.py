"""Unauthenticated connections to operators' ports."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from householdd.clients.client_key import ClientKey

H = TypeVar("H", bound=Hashable)

MAX_KNOWN_ADDRESSES = 1024
"""Addresses remembered as an operator's."""

KNOWN_ADDRESS_TTL_S = 86400.0
"""Seconds since the last authentication."""


class KnownAddresses:
    """Networks from which an operator recently authenticated."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now`` is monotonic, in seconds."""
        self._now = now
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def add(self, host: str) -> None:
        key = ClientKey(host, "").address_key
        self._seen[key] = self._now()
        self._seen.move_to_end(key)
        while len(self._seen) > MAX_KNOWN_ADDRESSES:
            self._seen.popitem(last=False)

    def __contains__(self, host: str) -> bool:
        seen = self._seen.get(ClientKey(host, "").address_key)
        return seen is not None and self._now() - seen <= KNOWN_ADDRESS_TTL_S


@dataclass
class _Entry:
    network: bytes
    address: bytes
    known: bool
    spoke: bool = False


class PendingConnections(Generic[H]):
    """A bounded set of connections; evicts one when full, never an operator's for a stranger's.

    Connections that have sent nothing go first; among them those of the largest network, and there of the largest
    address, oldest first: an operator's client speaks at once and authenticates within a few round trips. Up to
    ``protected`` connections from known addresses stay while there are others.
    """

    def __init__(self, limit: int, protected: int) -> None:
        self._limit = limit
        self._protected = protected
        self._entries: dict[H, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def enter(self, connection: H, host: str, *, known: bool = False) -> H | None:
        client = ClientKey(host, "")
        self._entries[connection] = _Entry(client.network_key, client.address_key, known)
        if len(self._entries) <= self._limit:
            return None
        gone = self._victim(connection)
        del self._entries[gone]
        return gone

    def spoke(self, connection: H) -> None:
        if connection in self._entries:
            self._entries[connection].spoke = True

    def leave(self, connection: H) -> None:
        self._entries.pop(connection, None)

    def _victim(self, newcomer: H) -> H:
        entries = self._entries
        protects = sum(entry.known for entry in entries.values()) <= self._protected
        others = [each for each in entries if each != newcomer]
        exposed = [each for each in others if not (protects and entries[each].known)]
        silent = [each for each in exposed if not entries[each].spoke]
        if not exposed and not entries[newcomer].known:
            return newcomer
        return self._largest(silent or exposed or others)

    def _largest(self, candidates: Iterable[H]) -> H:
        entries = self._entries
        networks = Counter(entry.network for entry in entries.values())
        addresses = Counter(entry.address for entry in entries.values())
        return max(candidates, key=lambda each: (networks[entries[each].network], addresses[entries[each].address]))
