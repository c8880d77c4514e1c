"""Payload frames, made once and shared by all sessions of the process."""

from __future__ import annotations

import os
from functools import lru_cache

from websockets.frames import Opcode

from householdd.worker.frames import head

FRAME_BYTES = 16 * 1024 - 4
"""Payload bytes of the largest frame, which fills a TLS record with its head (RFC 8446 section 5.1). Larger ones cost
less CPU, but a frame delays every message behind it: with 16 KiB an in-band ping measured the queue within 25 ms, with
1 MiB it was 470 ms off."""

_random = os.urandom(FRAME_BYTES)
"""Payload of every frame; random, so that nothing on the path can compress it."""

PORTION_BYTES = 2 * FRAME_BYTES
"""Greatest payload in bytes that is one piece, and so one write: a portion of a video call or a burst."""

BEHIND_PING_BYTES = 1400
"""Payload behind a ping, so that it shares a packet with payload. A packet of its own is small, and passes a full queue
that drops large ones."""

MAX_JOINED_BYTES = 64 * 1024
"""Greatest payload with a ping that is one write."""

_RUN = 16
"""Full frames in the largest piece."""


def _serialised(size: int) -> bytes:
    return head(Opcode.BINARY, size) + _random[:size]


_FULL = _serialised(FRAME_BYTES)
_full_run = memoryview(_FULL * _RUN)


# Paced profiles repeat a few sizes; the odd remainders of bulk sessions need not be kept: 2 MiB in all.
@lru_cache(maxsize=64)
def portion(size: int) -> bytes:
    """Return the fewest serialised frames with ``size`` payload bytes in all, 1 to ``PORTION_BYTES``."""
    full, rest = divmod(size, FRAME_BYTES)
    return _FULL * full + (_serialised(rest) if rest else b"")


_random_run = memoryview(_random * _RUN)


def raw(count: int) -> list[memoryview]:
    """Return ``count`` payload bytes without frames, in pieces to write."""
    full, rest = divmod(count, len(_random_run))
    return [_random_run] * full + ([_random_run[:rest]] if rest else [])


def behind_ping(count: int) -> int:
    """Return how many of ``count`` payload bytes come behind a ping within them."""
    return min(count // 2, BEHIND_PING_BYTES)


def frames_with_ping(count: int, ping: bytes) -> list[bytes | memoryview]:
    """Return serialised frames with ``count`` payload bytes in all and a ping within, in pieces to write."""
    behind = behind_ping(count)
    parts = [*frames(count - behind), head(Opcode.PING, len(ping)), ping, *frames(behind)]
    # One write is one TLS record more than the copy of a small portion costs.
    return [b"".join(parts)] if count <= MAX_JOINED_BYTES else parts


def frames(count: int) -> list[bytes | memoryview]:
    """Return serialised frames with ``count`` payload bytes in all, largest first, in pieces to write."""
    if 0 < count <= PORTION_BYTES:
        # Nearly all portions of paced sessions.
        return [portion(count)]
    full, rest = divmod(count, FRAME_BYTES)
    runs, single = divmod(full, _RUN)
    parts: list[bytes | memoryview] = [_full_run] * runs
    if single:
        parts.append(_full_run[: single * len(_FULL)])
    if rest:
        parts.append(portion(rest))
    return parts
