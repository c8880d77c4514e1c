"""The worker's clock on its event loop."""

from __future__ import annotations

import asyncio
import time

import uvloop

from householdd.worker.clock import clock_of


async def early(count: int) -> list[float]:
    """Starts timers at times between the milliseconds; returns by how much they were early, in seconds."""
    clock = clock_of(asyncio.get_running_loop())
    found: list[float] = []
    done = asyncio.Event()

    def start(number: int) -> None:
        due = time.monotonic() + 0.002 + number / 1e4

        def fired() -> None:
            found.append(due - time.monotonic())
            if len(found) == count:
                done.set()

        clock.call_later(due - time.monotonic(), fired)

    for number in range(count):
        start(number)
        # So that they do not all start at the beginning of a turn.
        await asyncio.sleep(0)
    await done.wait()
    return found


def test_no_timer_fires_early() -> None:
    assert max(uvloop.run(early(200))) <= 0
