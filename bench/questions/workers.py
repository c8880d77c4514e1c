"""Question 3: gain from a second worker."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from bench.cores import LOAD, SERVER, cpu_seconds
from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from tests.daemon import CROWD, running

COUNT = 120

SETTLE_S = 2.0
"""Pause after the last session opened."""

BOTH = ("taskset", "-c", f"{SERVER},{LOAD}")
EACH = "CPU ms/s"
ONE, TWO = "1 worker", "2 workers"


def answer(options: Options) -> Answer:
    with tempfile.TemporaryDirectory() as directory:
        subjects = {
            name: partial(_cost, Path(directory), number, options.seconds) for name, number in ((ONE, 1), (TWO, 2))
        }
        rows = interleaved(subjects, options.rounds)
    how = (
        f"{COUNT} sessions of Alex over WSS, opened one by one: CPU time of all workers for a second of one session, "
        "and sessions of the worker with the most. The machine has no spare core for the clients, so CPU time is "
        "measured, not capacity. If a session costs the same with two workers as with one, each further core with a "
        "worker adds as many sessions as the first."
    )
    table = Table("Each session", rows, EACH, ONE, {TWO: "1"})
    return Answer("One worker and two", how, [table], Plot(EACH))


def _cost(directory: Path, workers: int, seconds: float) -> Measured:
    with running(directory, "--workers", str(workers), env=CROWD, prefix=BOTH) as daemon:
        crowd = Crowd(daemon.address, daemon.tls, ("alex",))
        try:
            crowd.resize(COUNT)
            crowd.play(SETTLE_S)
            pids = daemon.worker_pids()
            cpu, began = sum(map(cpu_seconds, pids)), time.perf_counter()
            crowd.play(seconds)
            used = (sum(map(cpu_seconds, pids)) - cpu) / (time.perf_counter() - began)
            shares = Counter(session.worker for session in daemon.list_sessions())
            return {EACH: used / COUNT * 1e3, "sessions of the fullest": max(shares.values())}
        finally:
            crowd.close()
