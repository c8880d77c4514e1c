"""The headline: cost of a whole household, and households that one core carries."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import uvloop

from bench.cores import ON_SERVER_CORE, descendants
from bench.figures import Answer, Measured, Options, Plot, Row, Table, interleaved
from bench.households import Subject, play
from bench.peers.listening import peer
from bench.peers.paced import Lateness
from bench.questions.paced import ticks, whole_periods
from householdctl.data_plane.server_url import server_at
from tests.daemon import CROWD, Daemon, running
from tests.scraping import LISTEN

HOUSEHOLDS = (1, 2, 4, 8)
SHARED_MBPS = 10.0
"""Rate of the Computer in each of several households."""

ALONE_MBPS = (1.0, 20.0, 100.0, 300.0)
"""Rates of the Computer in the only household."""

LINE_MBPS = 100.0

WORKER, ALL, PLAIN, LIMIT = "worker, CPU ms/s", "all processes", "plain server", "timers and writes alone"

CARRIED, FAILING_LAG = "households", "clients late at the next, ms"

STEP = 4
"""Households added in the search for the most that are carried."""

TOLERANCE, MAX_LATE_SHARE = 0.01, 0.01
"""Greatest difference of a rate, and greatest share of portions more than 5 ms late."""


def answer(options: Options) -> Answer:
    """Return a table by the Computer's rate, and one by households."""
    how = (
        "CPU time for a second of one whole household over WSS, without a line between: four people and four probes "
        "with their uploads and pings, as `householdctl test` plays them. The Computer asks for the rate that its "
        "line would have left it. The plain server is one of the `websockets` library with a task for each direction "
        "of a session: it sends the same payload, asks for the same uploads and answers the same pings, and has no "
        "liveness, measurement, updates or control API. *Timers and writes alone* is the limit: a uvloop timer and one "
        "write by OpenSSL for each portion of payload; nothing is read, asked for or answered. *Late* are the portions "
        "of payload more than 5 ms after their time, *rate off* is the greatest difference of any person's download "
        "rate from that of the profile, and *clients late* the greatest lateness of a timer of the clients, which "
        f"share a process. The third table adds {STEP} households at a time, until a rate is off by 1 % or 1 % of the "
        "portions are late; the clients' lateness there says whether the clients were the limit."
    )
    seconds = whole_periods(options.seconds)
    alone = {f"Computer at {mbps:g} Mbit/s": (1, mbps) for mbps in ALONE_MBPS}
    shared = {f"{count} household{'s' * (count > 1)}": (count, SHARED_MBPS) for count in HOUSEHOLDS}
    with _subjects() as (ours, plain, limit):

        def rows(cases: dict[str, tuple[int, float]]) -> list[Row]:
            measures = {name: partial(_cost, (ours, plain, limit), *case, seconds) for name, case in cases.items()}
            return interleaved(measures, options.rounds)

        tables = [
            Table("One household", rows(alone), WORKER, f"Computer at {LINE_MBPS:g} Mbit/s"),
            Table(f"Each, Computer at {SHARED_MBPS:g} Mbit/s", rows(shared), WORKER, "1 household"),
            Table(
                f"Households of one core, Computer at {SHARED_MBPS:g} Mbit/s",
                interleaved(
                    {
                        "householdd": partial(_carried, ours, seconds),
                        "plain server": partial(_carried, plain, seconds),
                    },
                    options.rounds,
                ),
                CARRIED,
                "plain server",
            ),
        ]
    return Answer("A whole household", how, tables, Plot(WORKER))


@contextlib.contextmanager
def _subjects() -> Iterator[tuple[Subject, Subject, Subject]]:
    """Run a daemon with one worker, the plain server, and the limit."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=CROWD, prefix=ON_SERVER_CORE))
        ours = Subject(server_at(daemon.url), _processes(daemon), partial(ticks, daemon))
        yield ours, _peer(stack, directory, "websockets"), _peer(stack, directory, "timers")


def _peer(stack: contextlib.ExitStack, directory: Path, kind: str) -> Subject:
    counts = directory / kind
    counts.write_bytes(bytes(16))
    running_peer = stack.enter_context(peer("household", kind, directory / "state", str(counts)))
    return Subject(
        server_at(f"https://127.0.0.1:{running_peer.address[1]}/"), [running_peer.pid], Lateness(counts).read
    )


def _processes(daemon: Daemon) -> list[int]:
    workers = daemon.worker_pids()
    return [*workers, *({daemon.process.pid, *descendants(daemon.process.pid)} - set(workers))]


def _cost(subjects: tuple[Subject, Subject, Subject], count: int, computer_mbps: float, seconds: float) -> Measured:
    mine, theirs, least = (uvloop.run(play(subject, count, computer_mbps, seconds)) for subject in subjects)
    return {
        WORKER: mine.cpu[0] / count * 1e3,
        ALL: sum(mine.cpu) / count * 1e3,
        PLAIN: theirs.cpu[0] / count * 1e3,
        LIMIT: least.cpu[0] / count * 1e3,
        "late, %": mine.late * 100,
        "late, plain, %": theirs.late * 100,
        "rate off, %": mine.off * 100,
        "clients late, ms": mine.lag * 1e3,
    }


def _carried(subject: Subject, seconds: float) -> Measured:
    count = 0
    while True:
        try:
            played = uvloop.run(play(subject, count + STEP, SHARED_MBPS, seconds))
        except SystemExit as ended:
            print(f"  {count + STEP} households: {ended}", flush=True)
            return {CARRIED: float(count), FAILING_LAG: math.inf}
        failed = played.off > TOLERANCE or played.late > MAX_LATE_SHARE
        print(f"  {count + STEP} households: off {played.off:.2%}, late {played.late:.2%}", flush=True)
        if failed:
            return {CARRIED: float(count), FAILING_LAG: played.lag * 1e3}
        count += STEP
