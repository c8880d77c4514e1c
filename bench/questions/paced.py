"""Question 2, first part: cost of a paced session at a worker."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.cores import ON_SERVER_CORE, cpu_seconds
from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import peer
from bench.peers.paced import LATE_S, Lateness
from tests.daemon import CROWD, Daemon, running
from tests.scraping import LISTEN, scrape

SESSION_COUNT = 150
"""Sessions; a multiple of three people."""

BURST_PERIOD_S = 5.0
"""Period of Jake's bursts; a shorter measurement would include them or not."""

SETTLE_S = 1.5
"""Pause after new sessions opened."""

CPU = "CPU ms/s"
PEER = "a task each, websockets.send"
LIMIT = "a timer each, OpenSSL's write"

KINDS = {
    "Alex, 64 a second": ("alex",),
    "Sarah, 30 a second": ("sarah",),
    "Alex, Sarah and Jake": ("alex", "sarah", "jake"),
}

PLAIN = (
    "The peer is a plain server with a task for each session, which sleeps and calls `send`. It has no liveness, "
    "measurement, updates or control API."
)


@dataclass(frozen=True)
class Subject:
    """A running server."""

    crowd: Callable[[], Crowd]
    """Makes its clients, none connected."""
    pid: int
    ticks: Callable[[], tuple[float, float]]
    """Returns all payload portions so far, and those more than ``LATE_S`` late."""


def answer(options: Options) -> Answer:
    """Return a table for each kind of session."""
    how = (
        f"CPU time of the worker for a second of one session over WSS, of {SESSION_COUNT}, over whole periods of "
        f"Jake's bursts ({BURST_PERIOD_S:g} s). Half of the peer's time would allow twice its sessions. {PLAIN} The "
        "limit does only the inevitable for each portion: a uvloop timer, and one write by OpenSSL to the socket."
    )
    seconds = whole_periods(options.seconds)
    tables = []
    for name, users in KINDS.items():
        with subjects(users) as each:
            measures = {key: partial(_cost, subject, seconds) for key, subject in each.items()}
            rows = interleaved(measures, options.rounds)
        tables.append(Table(name, rows, CPU, PEER, {"householdd": "0.5 at most"}))
    return Answer("Cost of paced sessions", how, tables, Plot(CPU))


def whole_periods(seconds: float) -> float:
    """Return ``seconds`` as whole periods of Jake's bursts, at least one."""
    return BURST_PERIOD_S * max(round(seconds / BURST_PERIOD_S), 1)


@contextlib.contextmanager
def subjects(users: tuple[str, ...]) -> Iterator[dict[str, Subject]]:
    """Run a daemon with one worker, the peer and the limit."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=CROWD, prefix=ON_SERVER_CORE))
        clients = partial(Crowd, tls=daemon.tls, users=users)
        each = {
            "householdd": Subject(partial(clients, daemon.address), daemon.worker_pids()[0], partial(ticks, daemon))
        }
        for name, kind in {PEER: "websockets", LIMIT: "timers"}.items():
            counts = directory / kind
            counts.write_bytes(bytes(16))
            plain = stack.enter_context(peer("paced", kind, directory / "state", str(counts)))
            each[name] = Subject(partial(clients, plain.address), plain.pid, Lateness(counts).read)
        yield each


def cost(crowd: Crowd, pid: int, seconds: float) -> float:
    """Return the CPU seconds per session and second, of the whole crowd."""
    cpu, began = cpu_seconds(pid), time.perf_counter()
    crowd.play(seconds)
    return (cpu_seconds(pid) - cpu) / (time.perf_counter() - began) / len(crowd.players)


def _cost(subject: Subject, seconds: float) -> Measured:
    with contextlib.closing(subject.crowd()) as crowd:
        crowd.resize(SESSION_COUNT)
        crowd.play(SETTLE_S)
        return {CPU: cost(crowd, subject.pid, seconds) * 1e3}


def ticks(daemon: Daemon) -> tuple[float, float]:
    """Return all payload portions so far, and those more than ``LATE_S`` late; up to a second old."""
    metrics = scrape(daemon)
    name = "householdd_tick_lateness_seconds"
    count = metrics.total(f"{name}_count")
    return count, count - metrics.total(f"{name}_bucket", le=f"{LATE_S:g}")
