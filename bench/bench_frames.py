"""Duration of the work of a connection and its session for each frame, without network and TLS."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from websockets.frames import Frame, Opcode

from householdd.capacity.token_bucket import TokenBucket
from householdd.logs import setup
from householdd.worker import tuning
from tests.worker.bench import Bench, benching

TIMES = 200
ROUNDS = 20
UPLOAD_BYTES = 8 * 1024
INTERVAL_S = 1 / 30
"""Time between two calls by the clock of the sessions: that of Sarah's frames."""


def cheapest(bench: Bench, call: Callable[[], object]) -> tuple[float, float]:
    """Return the microseconds of one call: of the fastest round, and of the median one."""
    rounds = []
    for _ in range(ROUNDS):
        took = 0.0
        for _ in range(TIMES):
            bench.step(INTERVAL_S)
            began = time.perf_counter()
            call()
            took += time.perf_counter() - began
        rounds.append(took / TIMES * 1e6)
    return min(rounds), median(rounds)


async def main() -> None:
    setup.set_up("warning", "auto")
    tuning.freeze_garbage_collector()
    text = json.dumps({"type": "ping", "sequence": 7, "timestamp": 1700000000000}).encode()
    ping = Frame(Opcode.TEXT, text).serialize(mask=True)
    upload = Frame(Opcode.BINARY, bytes(UPLOAD_BYTES)).serialize(mask=True)
    with benching() as bench:
        connection = bench.opened(1, "sarah").connection
        connection._budget = TokenBucket(1e9, 1e9, 0.0)  # noqa: SLF001 - these come faster than a client may send
        for name, data in (("a JSON ping", ping), ("8 JSON pings in a read", ping * 8), ("an upload frame", upload)):
            show(name, *cheapest(bench, partial(connection.receive, data)))
    with benching() as bench:
        bench.opened(1, "sarah")
        show("a portion of Sarah", *cheapest(bench, bench.timers.fire))


def show(name: str, least: float, middle: float) -> None:
    print(f"{name:24} {least:6.1f} us, median of {ROUNDS} rounds {middle:6.1f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
