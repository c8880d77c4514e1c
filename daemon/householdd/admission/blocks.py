"""Networks blocked by an operator."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from householdd.clients.addresses import Network, address_of

MAX_BLOCKS = 2000


class TooManyBlocksError(Exception):
    """The request would exceed ``MAX_BLOCKS``; the message has the number."""


@dataclass(frozen=True)
class Block:
    """A blocked network; times are monotonic seconds."""

    network: Network
    reason: str
    created_at: float
    expires_at: float


class Blocks:
    """Blocks in force."""

    def __init__(self) -> None:
        self._by_network: dict[Network, Block] = {}
        self._lengths: set[tuple[int, int]] = set()

    def add(self, networks: Iterable[Network], reason: str, seconds: float, now: float) -> list[Block]:
        """Block networks; replace reason and time of existing blocks.

        Raise TooManyBlocksError and change nothing if there would be too many.
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
        copy = Blocks()
        copy._by_network = {block.network: block for block in self.current(now)}
        return copy

    def remove(self, networks: Iterable[Network]) -> None:
        for network in networks:
            self._by_network.pop(network, None)
        self._note_lengths()

    def current(self, now: float) -> list[Block]:
        self._by_network = {key: block for key, block in self._by_network.items() if block.expires_at > now}
        self._note_lengths()
        blocks = self._by_network.values()
        return sorted(blocks, key=lambda block: (block.network.version, *_place(block.network)))

    def _current(self, network: Network, now: float) -> Block | None:
        block = self._by_network.get(network)
        return block if block is not None and block.expires_at > now else None

    def find(self, host: str, now: float) -> Block | None:
        if not self._by_network:
            return None
        single = ipaddress.ip_network(address_of(host))
        found = [
            block
            for version, length in self._lengths
            if version == single.version
            and (block := self._current(single.supernet(new_prefix=length), now)) is not None
        ]
        return max(found, key=lambda block: block.expires_at, default=None)

    def around(self, network: Network, now: float) -> list[Block]:
        lengths = sorted(length for version, length in self._lengths if version == network.version)
        wider = [network.supernet(new_prefix=length) for length in lengths if length < network.prefixlen]
        return [block for each in wider if (block := self._current(each, now)) is not None]

    def _note_lengths(self) -> None:
        self._lengths = {(network.version, network.prefixlen) for network in self._by_network}


def _place(network: Network) -> tuple[int, int]:
    return int(network.network_address), network.prefixlen
