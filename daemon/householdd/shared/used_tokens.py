"""Which runs tokens were shown by, in memory that the workers share: a token is for one run.

No lock is needed. Each worker writes a part of its own and reads all; it writes first and then looks whether another
has written too, so of two runs that show a token at the same moment at two workers at most one is let in.
"""

from __future__ import annotations

import hashlib
import math
import struct

PLACES = 8
"""Tokens that a row has room for."""

ROWS = 8192
"""Rows of a worker: 65,536 tokens, twice as many as 50 runs a second show in the 10 minutes that a token lives."""

_DIGEST = 8
_PLACE = struct.Struct(f"={_DIGEST}s{_DIGEST}sI")
"""What stands for a token and for its run, and the Unix time from which the place is free."""

_PART = ROWS * PLACES * _PLACE.size


def size(workers: int) -> int:
    """Bytes of memory for this many workers; what is not written takes none."""
    return workers * _PART


class UsedTokens:
    """The tokens of all workers, as one of them keeps and sees them. They outlive the worker that wrote them."""

    def __init__(self, memory: memoryview, worker: int, secret: bytes) -> None:
        """``memory`` has ``size(workers)`` bytes and is writable; ``worker`` counts from 0.

        ``secret`` is the same for all workers, so that nobody can choose tokens that are kept in one row.
        """
        self._memory = memory
        self._parts = range(len(memory) // _PART)
        self._own = worker
        self._secret = secret

    def is_free(self, token: str, run: bytes, now: float) -> bool:
        """Whether a token was shown by no other run. ``now`` is Unix time."""
        digest = self._digest(token.encode())
        return self._runs(digest, now) <= {self._digest(run)}

    def claim(self, token: str, run: bytes, expires: float, now: float) -> bool:
        """Binds a token to a run until it expires; False where it is another's, or there is no room for it."""
        digest, own = self._digest(token.encode()), self._digest(run)
        runs = self._runs(digest, now)
        if runs:
            return runs == {own}
        for start in self._row(self._own, digest):
            if _PLACE.unpack_from(self._memory, start)[2] <= now:
                break
        else:
            return False
        _PLACE.pack_into(self._memory, start, digest, own, math.ceil(expires))
        if self._runs(digest, now) == {own}:
            return True
        _PLACE.pack_into(self._memory, start, b"", b"", 0)
        return False

    def _runs(self, digest: bytes, now: float) -> set[bytes]:
        places = (_PLACE.unpack_from(self._memory, start) for part in self._parts for start in self._row(part, digest))
        return {run for token, run, expires in places if token == digest and expires > now}

    def _row(self, part: int, digest: bytes) -> range:
        first = part * _PART + int.from_bytes(digest) % ROWS * PLACES * _PLACE.size
        return range(first, first + PLACES * _PLACE.size, _PLACE.size)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=_DIGEST, key=self._secret).digest()
