"""Equal intervals of pings."""

from __future__ import annotations

import asyncio
import math
import time


class Cadence:
    """Whole intervals of the clock plus ``turn`` of an interval, so that several alternate."""

    def __init__(self, hertz: float, turn: float = 0.0) -> None:
        self._interval = 1 / hertz
        self._at = (math.ceil(time.monotonic() / self._interval - turn) + turn) * self._interval

    async def due(self) -> None:
        """Wait for the next interval. Missed ones are not made up for: pings would measure each other."""
        await asyncio.sleep(max(self._at - time.monotonic(), 0))
        late = time.monotonic() - self._at
        self._at += self._interval * max(math.ceil(late / self._interval), 1)
