"""Payload frames, made once and shared by all sessions of the process."""

from __future__ import annotations

import os
from functools import lru_cache

from websockets.frames import Frame, Opcode

FRAME = 16 * 1024
"""Payload bytes of the largest frame. Larger ones cost less CPU, but a frame that is on its way delays every message
behind it: with 16 KiB an in-band ping came within 25 ms of the true queue, with 1 MiB it was 470 ms off."""

_random = os.urandom(FRAME)
"""Random, so that nothing on the path can compress it. The same bytes for everyone: they carry no meaning."""


# Paced profiles use a few sizes each, over and over; a bulk session's odd remainders need not be kept: 1 MiB in all.
@lru_cache(maxsize=64)
def frame(size: int) -> bytes:
    """A binary frame, serialised, with ``size`` payload bytes, 1 to ``FRAME``."""
    return Frame(Opcode.BINARY, _random[:size]).serialize(mask=False)


_FULL = frame(FRAME)
_RUN = 16
_full_run = memoryview(_FULL * _RUN)
"""Full frames back to back, so that several are one write."""


def frames(count: int) -> list[bytes | memoryview]:
    """Serialised frames that carry ``count`` payload bytes in all, largest first."""
    if 0 < count <= FRAME:
        # Nearly all portions of paced sessions.
        return [frame(count)]
    full, rest = divmod(count, FRAME)
    runs, single = divmod(full, _RUN)
    parts: list[bytes | memoryview] = [_full_run] * runs
    if single:
        parts.append(_full_run[: single * len(_FULL)])
    if rest:
        parts.append(frame(rest))
    return parts
