"""Connections without a session yet."""

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
    """A handshake to abort, and why."""

    handshake: H
    cause: Cause


class PendingHandshakes(Generic[H]):
    """Pending handshakes, limited over all workers.

    Beyond the limit, the newest of the largest address in the largest network is evicted: a flood hurts only its
    networks.
    """

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters
        self._clients: dict[H, ClientKey | None] = {}
        self._networks: Counter[bytes] = Counter()
        self._addresses: dict[bytes, defaultdict[bytes, dict[H, None]]] = {}
        """By network and address, oldest first."""

    def __len__(self) -> int:
        return len(self._clients)

    def enter(self, handshake: H, host: str | None, limits: Limits) -> Excess[H] | None:
        """Return the handshake to abort, if any.

        If it is the new one, it is not added; another remains until ``leave``. ``host`` is None for a proxy of many
        customers: its handshakes count in the total only.
        """
        client = None if host is None else ClientKey(host, "")
        if client is not None:
            limit = limits.max_unfinished_handshakes_per_address
            if self._counters.pending_handshakes_of(client.address_key) >= limit:
                return Excess(handshake, Cause.ADDRESS_UNFINISHED)
        excess = None
        if self._counters.pending_handshakes() >= limits.max_unfinished_handshakes:
            excess = Excess(self._victim(client) or handshake, Cause.UNFINISHED)
            if excess.handshake == handshake:
                return excess
        self._clients[handshake] = client
        self._counters.handshake_began(None if client is None else client.address_key)
        if client is not None:
            self._networks[client.network_key] += 1
            addresses = self._addresses.setdefault(client.network_key, defaultdict(dict))
            addresses[client.address_key][handshake] = None
        return excess

    def leave(self, handshake: H) -> bool:
        """Return whether the handshake was pending."""
        if handshake not in self._clients:
            return False
        client = self._clients.pop(handshake)
        self._counters.handshake_ended(None if client is None else client.address_key)
        if client is not None:
            addresses = self._addresses[client.network_key]
            del addresses[client.address_key][handshake]
            if not addresses[client.address_key]:
                del addresses[client.address_key]
            self._networks[client.network_key] -= 1
            if not self._networks[client.network_key]:
                del self._networks[client.network_key], self._addresses[client.network_key]
        return True

    def _victim(self, newcomer: ClientKey | None) -> H | None:
        """Return None if the newcomer's network would be as large as the largest."""
        if not self._networks:
            return None
        largest, handshakes = self._networks.most_common(1)[0]
        if newcomer is not None and self._networks[newcomer.network_key] + 1 >= handshakes:
            return None
        addresses = self._addresses[largest]
        return next(reversed(addresses[max(addresses, key=lambda key: len(addresses[key]))]))
