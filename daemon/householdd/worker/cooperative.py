"""Long walks over sessions that yield to the event loop, so that payload is sent in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

YIELD_BUDGET_S = 0.5
"""Time after which a walk no longer yields, in seconds, so that a busy event loop cannot keep a worker from answering
its supervisor, which would take it for dead."""

T = TypeVar("T")


async def batches(items: Sequence[T], size: int, now: Callable[[], float]) -> AsyncIterator[Sequence[T]]:
    """Yield slices of ``size`` items, each in its own turn of the event loop; ``now`` is monotonic, in seconds.

    Items may change between two turns: a session may end.
    """
    began = now()
    for start in range(0, len(items), size):
        if start and now() - began < YIELD_BUDGET_S:
            await asyncio.sleep(0)
        yield items[start : start + size]
