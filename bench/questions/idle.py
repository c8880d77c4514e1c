"""Question 4: cost of an idle session, and of one that plays."""

from __future__ import annotations

import re
import resource
import ssl
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.cores import ON_SERVER_CORE, cpu_seconds
from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import peer
from tests.daemon import CROWD, running

COUNT = 500

SETTLE_S = 3.0
"""Pause after the start, and after the last session opened."""

PEER = "websockets, nothing done"
MEMORY = "kB"


def answer(options: Options) -> Answer:
    how = (
        f"What each of {COUNT} connections over WSS adds to the resident memory and the CPU time of the worker, and "
        "how often the worker wakes in all, beside the same without connections. The idle session is one of the "
        "page's measuring connections; the active one is an Alex. Clients send a message a second. The peer is a "
        "server of the `websockets` library whose handler reads."
    )
    with tempfile.TemporaryDirectory() as directory:
        subjects = {
            "householdd, idle": partial(_householdd, Path(directory), "probe", options.seconds),
            "householdd, active": partial(_householdd, Path(directory), "alex", options.seconds),
            PEER: partial(_peer, Path(directory), options.seconds),
        }
        rows = interleaved(subjects, options.rounds)
    table = Table("Each session", rows, MEMORY, PEER, {"householdd, idle": "60 kB at most"})
    return Answer("Idle and active sessions", how, [table], Plot(MEMORY))


def _householdd(directory: Path, user: str, seconds: float) -> Measured:
    # A new process each time, because freed memory goes to new connections rather than the kernel.
    with running(directory, "--workers", "1", env=CROWD, prefix=ON_SERVER_CORE) as daemon:
        return _cost(Crowd(daemon.address, daemon.tls, (user,)), daemon.worker_pids()[0], seconds=seconds)


def _peer(directory: Path, seconds: float) -> Measured:
    context = ssl.create_default_context(cafile=str(directory / "state" / "dev-ca.pem"))
    with peer("idle", "idle", directory / "state", "-") as plain:
        return _cost(Crowd(plain.address, context, ("probe",)), plain.pid, seconds=seconds)


def _cost(crowd: Crowd, pid: int, *, seconds: float) -> Measured:
    try:
        time.sleep(SETTLE_S)
        memory_without = _memory(pid)
        woken_without, cpu_without = _rates(pid, lambda: time.sleep(seconds))
        crowd.resize(COUNT)
        crowd.play(SETTLE_S)
        memory = _memory(pid) - memory_without
        woken, cpu = _rates(pid, lambda: crowd.play(seconds))
        return {
            MEMORY: memory / COUNT / 1e3,
            "CPU ms/s": (cpu - cpu_without) / COUNT * 1e3,
            "wake-ups/s": woken,
            "wake-ups/s without": woken_without,
        }
    finally:
        crowd.close()


def _rates(pid: int, pass_time: Callable[[], None]) -> tuple[float, float]:
    """Return wake-ups and CPU seconds per second."""
    woken, cpu, began = _switches(pid), cpu_seconds(pid), time.perf_counter()
    pass_time()
    elapsed = time.perf_counter() - began
    return (_switches(pid) - woken) / elapsed, (cpu_seconds(pid) - cpu) / elapsed


def _switches(pid: int) -> int:
    """Return how often the main thread, which runs the event loop, went to sleep."""
    match = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if match is None:
        raise SystemExit("the kernel does not count context switches")
    return int(match[1])


def _memory(pid: int) -> int:
    """Return the resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
