"""Question 2, first part: what a paced session costs a worker."""

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
from bench.peers.paced import LATE, Lateness
from tests.daemon import CROWD, Daemon, running
from tests.scraping import LISTEN, scrape

FEW = 150
"""Sessions; three persons make whole households of them."""

PERIOD = 5.0
"""Seconds from one of Jake's bursts to the next; less would count them or not."""

SETTLE = 1.5
"""Seconds after new sessions opened."""

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
    """A server that runs."""

    crowd: Callable[[], Crowd]
    """Its clients, none yet."""
    pid: int
    ticks: Callable[[], tuple[float, float]]
    """All portions of payload so far, and those that were more than LATE late."""


def answer(options: Options) -> Answer:
    """A table for each kind of session."""
    how = (
        f"CPU time of the worker for a second of one session over WSS, of {FEW}, over whole periods of Jake's bursts "
        f"({PERIOD:g} s). Half of the peer's time would allow twice its sessions. {PLAIN} The limit does only the "
        "inevitable for each portion: a uvloop timer, and one write by OpenSSL to the socket."
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
    """``seconds`` as whole periods of Jake's bursts, one at least."""
    return PERIOD * max(round(seconds / PERIOD), 1)


@contextlib.contextmanager
def subjects(users: tuple[str, ...]) -> Iterator[dict[str, Subject]]:
    """A daemon with one worker, the peer and the limit."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=CROWD, prefix=ON_SERVER_CORE))
        clients = partial(Crowd, tls=daemon.tls, users=users)
        each = {
            "householdd": Subject(partial(clients, daemon.address), daemon.worker_pids()[0], partial(_ticks, daemon))
        }
        for name, kind in {PEER: "websockets", LIMIT: "timers"}.items():
            counts = directory / kind
            counts.write_bytes(bytes(16))
            plain = stack.enter_context(peer("paced", kind, directory / "state", str(counts)))
            each[name] = Subject(partial(clients, plain.address), plain.pid, Lateness(counts).read)
        yield each


def cost(crowd: Crowd, pid: int, seconds: float) -> float:
    """CPU seconds of a session's second, of all that the crowd has."""
    cpu, began = cpu_seconds(pid), time.perf_counter()
    crowd.play(seconds)
    return (cpu_seconds(pid) - cpu) / (time.perf_counter() - began) / len(crowd.players)


def _cost(subject: Subject, seconds: float) -> Measured:
    with contextlib.closing(subject.crowd()) as crowd:
        crowd.resize(FEW)
        crowd.play(SETTLE)
        return {CPU: cost(crowd, subject.pid, seconds) * 1e3}


def _ticks(daemon: Daemon) -> tuple[float, float]:
    metrics = scrape(daemon)
    name = "householdd_tick_lateness_seconds"
    count = metrics.total(f"{name}_count")
    return count, count - metrics.total(f"{name}_bucket", le=f"{LATE:g}")
