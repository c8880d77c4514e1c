"""Connections of operators' ports that have not proven who they are: none of them may keep an operator out."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from householdd.clients.client_key import ClientKey

H = TypeVar("H", bound=Hashable)

MAX_KNOWN = 1024
"""Addresses that are remembered as an operator's."""

KNOWN_S = 86400.0
"""How long an address is remembered after the last certificate or login that was good."""


class KnownAddresses:
    """Customers' networks from which an operator came lately."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now`` is a monotonic clock, in seconds."""
        self._now = now
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def add(self, host: str) -> None:
        """Remember the network of an operator's address."""
        key = ClientKey(host, "").address_key
        self._seen[key] = self._now()
        self._seen.move_to_end(key)
        while len(self._seen) > MAX_KNOWN:
            self._seen.popitem(last=False)

    def __contains__(self, host: str) -> bool:
        """Return whether an operator came from there lately."""
        seen = self._seen.get(ClientKey(host, "").address_key)
        return seen is not None and self._now() - seen <= KNOWN_S


@dataclass
class _Place:
    network: bytes
    address: bytes
    known: bool
    spoke: bool = False


class PendingConnections(Generic[H]):
    """A bounded number of connections; where they are too many one goes, and never an operator's for a stranger's.

    Those that have said nothing go first; among them those of the network that has most, and there of the address that
    has most. The oldest goes: an operator's client speaks at once and is through after a few round trips, so the ones
    that stay are others', also where they come from the operator's own address. Up to ``kept`` connections from known
    addresses stay while there are any others.
    """

    def __init__(self, most: int, kept: int) -> None:
        self._most = most
        self._kept = kept
        self._places: dict[H, _Place] = {}
        """The oldest first."""

    def __len__(self) -> int:
        return len(self._places)

    def enter(self, connection: H, host: str, *, known: bool = False) -> H | None:
        """Take in a new connection; return the one that has to go for it, which is no longer counted."""
        visitor = ClientKey(host, "")
        self._places[connection] = _Place(visitor.network_key, visitor.address_key, known)
        if len(self._places) <= self._most:
            return None
        gone = self._worst(connection)
        del self._places[gone]
        return gone

    def spoke(self, connection: H) -> None:
        """Note that the first byte of a connection came."""
        if connection in self._places:
            self._places[connection].spoke = True

    def leave(self, connection: H) -> None:
        """Forget a connection that has ended, or has proven who it is."""
        self._places.pop(connection, None)

    def _worst(self, newcomer: H) -> H:
        places = self._places
        protects = sum(place.known for place in places.values()) <= self._kept
        others = [each for each in places if each != newcomer]
        exposed = [each for each in others if not (protects and places[each].known)]
        silent = [each for each in exposed if not places[each].spoke]
        if not exposed and not places[newcomer].known:
            return newcomer
        return self._largest(silent or exposed or others)

    def _largest(self, candidates: Iterable[H]) -> H:
        """Return the oldest of the address that has most, in the network that has most."""
        places = self._places
        networks = Counter(place.network for place in places.values())
        addresses = Counter(place.address for place in places.values())
        return max(candidates, key=lambda each: (networks[places[each].network], addresses[places[each].address]))
