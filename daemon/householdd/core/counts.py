"""What all workers together have: counts in memory that they share, each writing its own part and reading all.

No lock is needed: a part has one writer, and a sum that is read while others write is off by what they are just doing.
"""

from __future__ import annotations

import hashlib
import struct

from householdd.core.addresses import Network

SECRET_SIZE = 16
"""Bytes at the beginning: a secret, so that nobody can choose addresses that are counted as one."""

_HEAD = struct.Struct("=IIII")
"""Live sessions; and of handshakes the second that the worker last counted in, its count, and that of the second
before."""

_ROWS = 2
_WIDTH = 32_768
"""Counters of a row of the sketch."""

_PART = _HEAD.size + 2 * _ROWS * _WIDTH

_GREATEST = 2**16 - 1


def size(workers: int) -> int:
    """Bytes of memory for this many workers."""
    return SECRET_SIZE + workers * _PART


class Counts:
    """The counts of all workers, as one of them keeps and sees them.

    Sessions of an address are counted in a count-min sketch (Cormode and Muthukrishnan, 2005): a counter in each of two
    rows, of which the lesser counts. Addresses that fall together in both rows are counted as one; with 1000 addresses
    that happens to one in a thousand.
    """

    def __init__(self, memory: memoryview, worker: int) -> None:
        """``memory`` has ``size(workers)`` bytes and is writable; ``worker`` counts from 0."""
        self._memory = memory
        self._workers = (len(memory) - SECRET_SIZE) // _PART
        self._own = worker

    def seed(self, secret: bytes) -> None:
        """Sets the secret, before anything is counted; ``secret`` has ``SECRET_SIZE`` bytes."""
        self._memory[:SECRET_SIZE] = secret

    def clear(self, worker: int) -> None:
        """Forgets what a worker had that is gone."""
        start = SECRET_SIZE + worker * _PART
        self._memory[start : start + _PART] = bytes(_PART)

    def opened(self, network: Network) -> None:
        """A session of this customer began."""
        self._add(network, 1)

    def closed(self, network: Network) -> None:
        """A session of this customer ended."""
        self._add(network, -1)

    def handshake(self, now: float) -> None:
        """A handshake was let in at ``now``, a time of a clock that all workers have in common."""
        sessions, second, current, before = self._head(self._own)
        this = int(now)
        if this != second:
            before = current if this == second + 1 else 0
            second, current = this, 0
        _HEAD.pack_into(self._memory, self._start(self._own), sessions, second, current + 1, before)

    def sessions(self) -> int:
        """Live sessions, of all workers."""
        return sum(self._head(worker)[0] for worker in range(self._workers))

    def sessions_of(self, network: Network) -> int:
        """Live sessions of this customer, of all workers; never too few."""
        return min(
            sum(self._counter(worker, place) for worker in range(self._workers)) for place in self._places(network)
        )

    def handshakes(self, now: float) -> float:
        """Handshakes in the second up to ``now``, of all workers.

        What was counted in the second before counts for the part of it that is within: a sliding window.
        """
        this, total = int(now), 0.0
        for worker in range(self._workers):
            _, second, current, before = self._head(worker)
            if second == this:
                total += current + before * (1 - (now - this))
            elif second == this - 1:
                total += current * (1 - (now - this))
        return total

    def _add(self, network: Network, change: int) -> None:
        start = self._start(self._own)
        sessions, *rest = self._head(self._own)
        _HEAD.pack_into(self._memory, start, max(sessions + change, 0), *rest)
        for place in self._places(network):
            value = min(max(self._counter(self._own, place) + change, 0), _GREATEST)
            struct.pack_into("=H", self._memory, start + _HEAD.size + 2 * place, value)

    def _places(self, network: Network) -> list[int]:
        key = bytes(self._memory[:SECRET_SIZE])
        data = network.network_address.packed + bytes([network.prefixlen])
        digest = hashlib.blake2b(data, digest_size=2 * _ROWS, key=key).digest()
        return [row * _WIDTH + place % _WIDTH for row, place in enumerate(struct.unpack(f"={_ROWS}H", digest))]

    def _counter(self, worker: int, place: int) -> int:
        (value,) = struct.unpack_from("=H", self._memory, self._start(worker) + _HEAD.size + 2 * place)
        return int(value)

    def _head(self, worker: int) -> tuple[int, int, int, int]:
        return _HEAD.unpack_from(self._memory, self._start(worker))

    def _start(self, worker: int) -> int:
        return SECRET_SIZE + worker * _PART
