"""Question 2: how many paced sessions one worker carries."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.cores import ON_SERVER_CORE, cpu_seconds
from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import peer
from bench.peers.paced import LATE, Lateness
from bench.readers import address_of
from householdd import profile_data
from tests.daemon import CROWD, Daemon, running
from tests.scraping import LISTEN, scrape

FEW = 60
"""Sessions with which the first look is taken; three persons make whole households of them."""

FIRST, STEP = 0.5, 0.1
"""Parts of the sessions that fill the core by that look: where the climb begins, and its steps."""

SETTLE = 1.5
"""Seconds after new sessions opened."""

SCRAPED = 1.0
"""Seconds that metrics may be old."""

TOLERANCE = 0.01
LATE_PART = 0.01
LOAD_LAG = 0.25
"""Seconds between two looks of the load at a session from which on it is the load that is measured."""

PEER = "a task each, websockets.send"
SESSIONS = "sessions carried"
CPU = "CPU ms/s"

Ticks = Callable[[], tuple[float, float]]
"""All portions of payload so far, and those that were more than LATE late."""


def answer(options: Options) -> Answer:
    """A table for each kind of session."""
    tables = [
        _table(name, users, options)
        for name, users in (
            ("Alex, 64 a second", ("alex",)),
            ("Sarah, 30 a second", ("sarah",)),
            ("Alex, Sarah and Jake", ("alex", "sarah", "jake")),
        )
    ]
    how = (
        f"What a second of one session costs the worker over WSS while there are {FEW}, in CPU time; half of the "
        "peer's is twice its sessions. And how many it carries while each receives its rate within 1 %, over whole "
        "periods of Jake's bursts, and 99 % of all portions of payload are looked at within 5 ms of their time: "
        "sessions are added until one of the two no longer holds. The peer is a plain server: a task for each session, "
        "which sleeps and calls `send`. It has no liveness, no measurement, no updates and no control API."
    )
    return Answer("Paced sessions", how, tables, Plot(CPU))


def _table(name: str, users: tuple[str, ...], options: Options) -> Table:
    with contextlib.ExitStack() as stack:
        rows = interleaved(dict(_subjects(stack, users, options)), options.rounds)
    return Table(name, rows, CPU, PEER, {"householdd": "0.5 at most"})


def _subjects(
    stack: contextlib.ExitStack, users: tuple[str, ...], options: Options
) -> Iterator[tuple[str, Callable[[], Measured]]]:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=CROWD, prefix=ON_SERVER_CORE))
    # Windows hold whole periods of Jake's bursts, and enough of the others' portions that one more or less is no 1 %.
    seconds = 5.0 * max(round(options.seconds / 5), 1)
    climb = partial(_capacity, seconds=seconds)
    clients = partial(Crowd, tls=daemon.tls, users=users)
    yield (
        "householdd",
        partial(climb, partial(clients, address_of(daemon)), daemon.worker_pids()[0], partial(_ticks, daemon)),
    )
    counts = directory / "counts"
    counts.write_bytes(bytes(16))
    each = stack.enter_context(peer("paced", "websockets", directory / "state", str(counts)))
    yield PEER, partial(climb, partial(clients, each.address), each.pid, Lateness(counts).read)


def _ticks(daemon: Daemon) -> tuple[float, float]:
    metrics = scrape(daemon)
    name = "householdd_tick_lateness_seconds"
    count = metrics.total(f"{name}_count")
    return count, count - metrics.total(f"{name}_bucket", le=f"{LATE:g}")


def _capacity(crowd_of: Callable[[], Crowd], pid: int, ticks: Ticks, *, seconds: float) -> Measured:
    crowd = crowd_of()
    profiles = profile_data.read(None).by_key
    wanted = {user: profiles[user].download.shape().mean_bps for user in crowd.users}
    try:
        crowd.resize(FEW)
        crowd.play(SETTLE)
        cpu, began = cpu_seconds(pid), time.perf_counter()
        crowd.play(seconds)
        each = (cpu_seconds(pid) - cpu) / (time.perf_counter() - began) / FEW
        carried = _climb(
            crowd, round(FIRST / each), round(STEP / each), lambda: _failing(crowd, ticks, wanted, seconds)
        )
        return {SESSIONS: carried, CPU: each * 1e3}
    finally:
        crowd.close()


def _climb(crowd: Crowd, first: int, step: int, failing: Callable[[], str]) -> int:
    """The most sessions that are carried: steps down from ``first`` while those are too many, else steps up.

    0 where not even FEW are, as on a machine that does other work.
    """
    carried, count, fewer = 0, first, False
    while count >= FEW:
        crowd.resize(count)
        crowd.play(SETTLE)
        why = failing()
        print(f"  {count} sessions: {why or 'carried'}", flush=True)
        if why and carried:
            return carried
        if not why and fewer:
            return count
        carried, fewer = (0, True) if why else (count, False)
        count += -step if why else step
    return 0


def _failing(crowd: Crowd, ticks: Ticks, wanted: dict[str, float], seconds: float) -> str:
    """What did not hold over the next seconds; empty where all did."""
    all_before, late_before = ticks()
    off = [abs(rate / wanted[user] - 1) for user, rate in crowd.rates(seconds)]
    lag = crowd.slowest
    crowd.play(SCRAPED)
    all_after, late_after = ticks()
    late = (late_after - late_before) / max(all_after - all_before, 1)
    if lag > LOAD_LAG:
        return f"the load itself was {lag:.2f} s late"
    if max(off) > TOLERANCE:
        return f"{sum(each > TOLERANCE for each in off)} off their rate, worst {max(off):.1%}"
    return f"{late:.1%} of the portions late" if late > LATE_PART else ""
