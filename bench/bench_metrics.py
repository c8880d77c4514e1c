"""Cost of metrics in the data plane, as a share of a worker's CPU time.

A worker carries small sessions: its CPU time and payload ticks are read from the metrics. Compared with the cost of
counting one tick, measured in a plain process, and of a poll of an idle worker, with and without samples. Usage:
``python bench/bench_metrics.py [SESSIONS]``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import grpc

sys.path.insert(0, str(Path(__file__).parent.parent))

from household.v1 import server_service_pb2 as pb
from householdd.config.profiles import read_profiles
from householdd.settings.definitions import Timeouts
from householdd.supervisor.metrics.processes import read
from householdd.traffic.pacer import Pacer
from householdd.worker.clock import Clock
from householdd.worker.session_manager import SessionManager
from tests.daemon import CROWD, Daemon, Stubs, running, wait_until
from tests.end_to_end.sessions import open_sessions
from tests.scraping import LISTEN, scrape
from tests.timers import Timers

MEASURE_S = 15.0
CALLS = 500


def seconds_each(call: Callable[[], object], count: int = 100_000) -> float:
    """Return the CPU seconds of one call, the minimum of several rounds."""
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(count):
            call()
        rounds.append((time.process_time() - began) / count)
    return min(rounds)


def counting() -> float:
    """Return the CPU seconds of counting a tick: its lateness, and the pacer's causes."""
    clock = Clock(time.monotonic, time.time, Timers(time.monotonic).call_later)
    manager = SessionManager(Timeouts(), clock)
    planned = clock.now()
    empty = seconds_each(lambda: None)
    tick = seconds_each(lambda: manager.ticked(clock.now() - planned)) - empty
    pacer = Pacer(read_profiles(None).by_key["alex"].download.shape(), 0.0)

    def noted() -> None:
        pacer._left = left = 7  # noqa: SLF001 - the two lines that due() and take() have for it
        pacer._left -= left  # noqa: SLF001

    return tick + seconds_each(noted) - empty


def poll(daemon: Daemon, pid: int, *, samples: bool) -> float:
    """Return the CPU seconds that an idle worker needs to answer a poll."""
    with grpc.insecure_channel(f"unix:{daemon.runtime_dir}/private/worker-0.sock") as channel:
        server = Stubs(channel).server
        began = _cpu(pid)
        for _ in range(CALLS):
            server.GetServer(pb.GetServerRequest(samples=samples), timeout=10)
        return (_cpu(pid) - began) / CALLS


def _cpu(pid: int) -> float:
    reading = read(pid)
    assert reading is not None
    return reading.cpu


async def measure(daemon: Daemon, sessions: int) -> None:
    pid = daemon.worker_pids()[0]
    async with open_sessions(daemon, sessions):
        await asyncio.sleep(2)
        first = await asyncio.to_thread(scrape, daemon)
        await asyncio.sleep(MEASURE_S)
        last = await asyncio.to_thread(scrape, daemon)
    # Without sessions, whose traffic would count too; all series remain.
    wait_until(lambda: not daemon.list_sessions(), "the end of the sessions")
    polls = {samples: min(poll(daemon, pid, samples=samples) for _ in range(5)) for samples in (False, True)}
    cpu, ticks = (
        last.total(name, **labels) - first.total(name, **labels)
        for name, labels in (
            ("householdd_process_cpu_seconds_total", {"process": "worker-0"}),
            ("householdd_tick_lateness_seconds_count", {}),
        )
    )
    one = counting()
    print(f"{sessions} sessions, {ticks / MEASURE_S:.0f} ticks a second, worker at {cpu / MEASURE_S:.0%} of a core")
    print(f"  a tick, with all that belongs to it   {cpu / ticks * 1e6:8.1f} us")
    print(f"  its counting                          {one * 1e6:8.2f} us   {one * ticks / cpu:.2%} of the worker's time")
    extra = polls[True] - polls[False]
    print(f"  a poll without samples                {polls[False] * 1e3:8.2f} ms")
    print(f"  samples, once a second                {extra * 1e3:8.2f} ms   {extra / (cpu / MEASURE_S):.2%} of it")


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as directory, running(Path(directory), *LISTEN, env=CROWD) as daemon:
        asyncio.run(measure(daemon, sessions))


if __name__ == "__main__":
    main()
