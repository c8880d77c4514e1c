"""Tokens already used, in shared memory.

Without a lock: a worker writes its own part, then checks the others. Of two runs that show a token at once, at most
one is admitted.
"""

from __future__ import annotations

import hashlib
import math
import struct

ROW_SLOTS = 8

ROWS = 8192
"""65,536 tokens, twice what 50 runs per second use in a token's lifetime of 10 minutes."""

_DIGEST = 8
_SLOT = struct.Struct(f"={_DIGEST}s{_DIGEST}sI")
"""Digests of token and run, Unix time from which the slot is free."""

_PART_BYTES = ROWS * ROW_SLOTS * _SLOT.size


def size(workers: int) -> int:
    """Return the bytes of memory; unwritten memory costs nothing."""
    return workers * _PART_BYTES


class UsedTokens:
    """Tokens as seen by one worker. They outlive the worker that wrote them."""

    def __init__(self, memory: memoryview, worker: int, secret: bytes) -> None:
        """``memory`` is writable, of ``size(workers)`` bytes; ``secret`` prevents chosen collisions."""
        self._memory = memory
        self._parts = range(len(memory) // _PART_BYTES)
        self._own = worker
        self._secret = secret

    def is_free(self, token: str, run: bytes, now: float) -> bool:
        """Whether no other run has used it; ``now`` is Unix time."""
        digest = self._digest(token.encode())
        return self._runs(digest, now) <= {self._digest(run)}

    def claim(self, token: str, run: bytes, expires: float, now: float) -> bool:
        """Return False if another run has the token, or its row is full."""
        digest, own = self._digest(token.encode()), self._digest(run)
        runs = self._runs(digest, now)
        if runs:
            return runs == {own}
        for start in self._row(self._own, digest):
            if _SLOT.unpack_from(self._memory, start)[2] <= now:
                break
        else:
            return False
        _SLOT.pack_into(self._memory, start, digest, own, math.ceil(expires))
        if self._runs(digest, now) == {own}:
            return True
        _SLOT.pack_into(self._memory, start, b"", b"", 0)
        return False

    def _runs(self, digest: bytes, now: float) -> set[bytes]:
        slots = (_SLOT.unpack_from(self._memory, start) for part in self._parts for start in self._row(part, digest))
        return {run for token, run, expires in slots if token == digest and expires > now}

    def _row(self, part: int, digest: bytes) -> range:
        first = part * _PART_BYTES + int.from_bytes(digest) % ROWS * ROW_SLOTS * _SLOT.size
        return range(first, first + ROW_SLOTS * _SLOT.size, _SLOT.size)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=_DIGEST, key=self._secret).digest()
