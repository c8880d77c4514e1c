"""Duration of a control pass with 100, 1,000 and 5,000 sessions, without network and TLS.

TCP_INFO is read from the kernel; messages to sessions are discarded. ``make bench ARGS=control`` measures the rest.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.logs import setup
from householdd.worker import tuning
from householdd.worker.control_loop import BATCH_SIZE
from tests.worker.bench import benching

COUNTS = (100, 1000, 5000)
PASSES = 20


def cheapest(count: int) -> tuple[float, float]:
    """Return the seconds of the fastest pass over ``count`` sessions of Alex whose clients answer.

    First the time until all are judged, when payload for dead clients has stopped; then that of the whole pass.
    """
    judged_after = -(-count // BATCH_SIZE)
    with benching() as bench:
        for number in range(count):
            bench.opened(number)
        judging, took = [], []
        for _ in range(PASSES):
            bench.step(PASS_INTERVAL_S)
            began = time.perf_counter()
            for turn, _ in enumerate(bench.control_loop.turns(), 1):
                if turn == judged_after:
                    judging.append(time.perf_counter() - began)
            took.append(time.perf_counter() - began)
    return min(judging), min(took)


async def main() -> None:
    setup.set_up("warning", "auto")
    tuning.freeze_garbage_collector()
    for count in COUNTS:
        judging, whole = (f"{each * 1e3:7.2f} ms, {each / count * 1e6:5.1f} us each" for each in cheapest(count))
        print(f"{count:5} sessions: {whole}; of that judging {judging}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
