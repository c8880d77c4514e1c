"""Payload frames, made once and shared by all sessions of the process."""

from __future__ import annotations

import os
from functools import lru_cache

from websockets.frames import Opcode

from householdd.worker.frames import head

FRAME_BYTES = 16 * 1024 - 4
"""Payload bytes of the largest frame, which with its head fills a TLS record: RFC 8446 section 5.1. Larger ones cost
less CPU, but a frame that is on its way delays every message behind it: with 16 KiB an in-band ping came within 25 ms
of the true queue, with 1 MiB it was 470 ms off."""

_random = os.urandom(FRAME_BYTES)
"""Random, so that nothing on the path can compress it. The same bytes for everyone: they carry no meaning."""

PORTION_BYTES = 2 * FRAME_BYTES
"""Payload bytes up to which several frames are one piece: a portion of a video call or of a burst is one write."""

_RUN = 16
"""Full frames in the largest piece."""


def _serialised(size: int) -> bytes:
    return head(Opcode.BINARY, size) + _random[:size]


_FULL = _serialised(FRAME_BYTES)
_full_run = memoryview(_FULL * _RUN)


# Paced profiles use a few sizes each, over and over; a bulk session's odd remainders need not be kept: 2 MiB in all.
@lru_cache(maxsize=64)
def portion(size: int) -> bytes:
    """Serialised frames, as few as can be, with ``size`` payload bytes in all, 1 to ``PORTION``."""
    full, rest = divmod(size, FRAME_BYTES)
    return _FULL * full + (_serialised(rest) if rest else b"")


_random_run = memoryview(_random * _RUN)


def raw(count: int) -> list[memoryview]:
    """``count`` payload bytes without frames, in pieces to be written."""
    full, rest = divmod(count, len(_random_run))
    return [_random_run] * full + ([_random_run[:rest]] if rest else [])


def frames(count: int) -> list[bytes | memoryview]:
    """Serialised frames that carry ``count`` payload bytes in all, largest first, in pieces to be written."""
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
