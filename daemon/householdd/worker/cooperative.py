"""Long walks over sessions, a turn of the event loop for each part, so that portions of payload come in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

YIELD_BUDGET_S = 0.5
"""Seconds from which a walk no longer gives way: whoever keeps the event loop busy must not keep a worker from
answering its supervisor, which would take it for dead."""

T = TypeVar("T")


async def batches(items: Sequence[T], size: int, now: Callable[[], float]) -> AsyncIterator[Sequence[T]]:
    """Slices of ``size`` items, each in a turn of its own; ``now`` is monotonic, in seconds.

    What was true of an item may have changed in the turns between, its session may have ended.
    """
    began = now()
    for start in range(0, len(items), size):
        if start and now() - began < YIELD_BUDGET_S:
            await asyncio.sleep(0)
        yield items[start : start + size]
