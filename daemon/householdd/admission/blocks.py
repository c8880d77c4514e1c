"""Addresses from which no new sessions are accepted for a while."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from householdd.clients.addresses import Network, address_of

MAX_BLOCKS = 2000
"""Networks that can be blocked at once."""


class TooManyBlocksError(Exception):
    """More networks than ``MAX_BLOCKS`` would be blocked; the message says how many."""


@dataclass(frozen=True)
class Block:
    """One blocked network; times are seconds of the monotonic clock."""

    network: Network
    reason: str
    created_at: float
    expires_at: float


class Blocks:
    """The blocks in force. Those that have expired are let go whenever somebody looks at all of them."""

    def __init__(self) -> None:
        self._by_network: dict[Network, Block] = {}
        self._lengths: set[tuple[int, int]] = set()
        """IP version and prefix length of what is blocked, so that an address is looked up and not searched for."""

    def add(self, networks: Iterable[Network], reason: str, seconds: float, now: float) -> list[Block]:
        """Blocks networks for ``seconds``; one that is blocked already gets the new reason and time.

        Raises TooManyBlocksError; then nothing is changed.
        """
        self.current(now)
        added = {network: Block(network, reason, now, now + seconds) for network in networks}
        count = len(self._by_network.keys() | added.keys())
        if count > MAX_BLOCKS:
            raise TooManyBlocksError(f"{count} addresses would be blocked; at most {MAX_BLOCKS} are allowed")
        self._by_network.update(added)
        self._note_lengths()
        return list(added.values())

    def copy(self, now: float) -> Blocks:
        """The same blocks, to try something out on."""
        copy = Blocks()
        copy._by_network = {block.network: block for block in self.current(now)}
        return copy

    def remove(self, networks: Iterable[Network]) -> None:
        """Lets networks in again; one that is not blocked stays so."""
        for network in networks:
            self._by_network.pop(network, None)
        self._note_lengths()

    def current(self, now: float) -> list[Block]:
        """What is blocked at ``now``, by address."""
        self._by_network = {key: block for key, block in self._by_network.items() if block.expires_at > now}
        self._note_lengths()
        blocks = self._by_network.values()
        return sorted(blocks, key=lambda block: (block.network.version, *_place(block.network)))

    def _find(self, network: Network, now: float) -> Block | None:
        block = self._by_network.get(network)
        return block if block is not None and block.expires_at > now else None

    def hits(self, host: str, now: float) -> Block | None:
        """The block that keeps ``host`` out at ``now``; of several the one that lasts longest."""
        if not self._by_network:
            return None
        single = ipaddress.ip_network(address_of(host))
        found = [
            block
            for version, length in self._lengths
            if version == single.version and (block := self._find(single.supernet(new_prefix=length), now)) is not None
        ]
        return max(found, key=lambda block: block.expires_at, default=None)

    def around(self, network: Network, now: float) -> list[Block]:
        """Return the blocks of wider networks that keep out all of ``network`` at ``now``."""
        lengths = sorted(length for version, length in self._lengths if version == network.version)
        wider = [network.supernet(new_prefix=length) for length in lengths if length < network.prefixlen]
        return [block for each in wider if (block := self._find(each, now)) is not None]

    def _note_lengths(self) -> None:
        self._lengths = {(network.version, network.prefixlen) for network in self._by_network}


def _place(network: Network) -> tuple[int, int]:
    return int(network.network_address), network.prefixlen
