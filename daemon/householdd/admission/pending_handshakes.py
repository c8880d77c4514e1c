"""Connections that have no session yet: whoever opens them and goes no further must not keep others out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from householdd.admission.admission import Cause
from householdd.clients.client_key import ClientKey
from householdd.settings.definitions import Limits
from householdd.shared.counters import SharedCounters

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True)
class Excess(Generic[H]):
    """A handshake that has to go."""

    handshake: H
    cause: Cause


class PendingHandshakes(Generic[H]):
    """The handshakes under way at one worker, counted with those of all.

    Where all together are too many, the newest of the address that has most goes, in the network that has most here.
    So many connections from a few networks cost those and nobody else.
    """

    def __init__(self, counts: SharedCounters) -> None:
        self._counts = counts
        self._visitors: dict[H, ClientKey | None] = {}
        self._networks: Counter[bytes] = Counter()
        self._addresses: dict[bytes, defaultdict[bytes, dict[H, None]]] = {}
        """By network and address, the handshakes of each, oldest first."""

    def __len__(self) -> int:
        return len(self._visitors)

    def enter(self, handshake: H, host: str | None, limits: Limits) -> Excess[H] | None:
        """Takes in a new handshake; which one has to go for it, if any.

        That is the new one itself, which is not taken in, or another, which is still to be left.

        ``host`` is None for one that many customers may be behind: it counts in the sum alone.
        """
        visitor = None if host is None else ClientKey(host, "")
        if visitor is not None:
            most = limits.max_unfinished_handshakes_per_address
            if self._counts.unfinished_of(visitor.address_key) >= most:
                return Excess(handshake, Cause.ADDRESS_UNFINISHED)
        excess = None
        if self._counts.unfinished() >= limits.max_unfinished_handshakes:
            excess = Excess(self._worst(visitor) or handshake, Cause.UNFINISHED)
            if excess.handshake == handshake:
                return excess
        self._visitors[handshake] = visitor
        self._counts.begun(None if visitor is None else visitor.address_key)
        if visitor is not None:
            self._networks[visitor.network_key] += 1
            addresses = self._addresses.setdefault(visitor.network_key, defaultdict(dict))
            addresses[visitor.address_key][handshake] = None
        return excess

    def leave(self, handshake: H) -> bool:
        """A handshake is over, one way or another; whether it was under way."""
        if handshake not in self._visitors:
            return False
        visitor = self._visitors.pop(handshake)
        self._counts.over(None if visitor is None else visitor.address_key)
        if visitor is not None:
            addresses = self._addresses[visitor.network_key]
            del addresses[visitor.address_key][handshake]
            if not addresses[visitor.address_key]:
                del addresses[visitor.address_key]
            self._networks[visitor.network_key] -= 1
            if not self._networks[visitor.network_key]:
                del self._networks[visitor.network_key], self._addresses[visitor.network_key]
        return True

    def _worst(self, newcomer: ClientKey | None) -> H | None:
        """Who goes for a newcomer; None where the newcomer's own network would have as many as any."""
        if not self._networks:
            return None
        network, most = self._networks.most_common(1)[0]
        if newcomer is not None and self._networks[newcomer.network_key] + 1 >= most:
            return None
        addresses = self._addresses[network]
        return next(reversed(addresses[max(addresses, key=lambda key: len(addresses[key]))]))
