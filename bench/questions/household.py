"""The headline: cost of a whole household, and households that one core carries."""

from __future__ import annotations

import contextlib
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

WORKER, ALL, PLAIN, RATIO = "worker, CPU ms/s", "all processes", "plain server", "worker to plain"


def answer(options: Options) -> Answer:
    """Return a table by the Computer's rate, and one by households."""
    how = (
        "CPU time for a second of one whole household over WSS, without a line between: four people and four probes "
        "with their uploads and pings, as `householdctl test` plays them. The Computer asks for the rate that its "
        "line would have left it. The plain server is one of the `websockets` library with a task for each direction "
        "of a session: it sends the same payload, asks for the same uploads and answers the same pings, and has no "
        "liveness, measurement, updates or control API. *Late* are the portions of payload more than 5 ms after their "
        "time, *rate off* is the greatest difference of any person's download rate from that of the profile, and "
        "*clients late* the greatest lateness of a timer of the clients, which share a process."
    )
    seconds = whole_periods(options.seconds)
    alone = {f"Computer at {mbps:g} Mbit/s": (1, mbps) for mbps in ALONE_MBPS}
    shared = {f"{count} household{'s' * (count > 1)}": (count, SHARED_MBPS) for count in HOUSEHOLDS}
    with _subjects() as (ours, plain):

        def rows(cases: dict[str, tuple[int, float]]) -> list[Row]:
            measures = {name: partial(_cost, ours, plain, *case, seconds) for name, case in cases.items()}
            return interleaved(measures, options.rounds)

        tables = [
            Table("One household", rows(alone), WORKER, f"Computer at {LINE_MBPS:g} Mbit/s"),
            Table(f"Each, Computer at {SHARED_MBPS:g} Mbit/s", rows(shared), WORKER, "1 household"),
        ]
    return Answer("A whole household", how, tables, Plot(WORKER))


@contextlib.contextmanager
def _subjects() -> Iterator[tuple[Subject, Subject]]:
    """Run a daemon with one worker, and the plain server."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=CROWD, prefix=ON_SERVER_CORE))
        counts = directory / "counts"
        counts.write_bytes(bytes(16))
        plain = stack.enter_context(peer("household", "websockets", directory / "state", str(counts)))
        address = f"https://127.0.0.1:{plain.address[1]}/"
        yield (
            Subject(server_at(daemon.url), _processes(daemon), partial(ticks, daemon)),
            Subject(server_at(address), [plain.pid], Lateness(counts).read),
        )


def _processes(daemon: Daemon) -> list[int]:
    workers = daemon.worker_pids()
    return [*workers, *({daemon.process.pid, *descendants(daemon.process.pid)} - set(workers))]


def _cost(ours: Subject, plain: Subject, count: int, computer_mbps: float, seconds: float) -> Measured:
    mine, theirs = (uvloop.run(play(subject, count, computer_mbps, seconds)) for subject in (ours, plain))
    return {
        WORKER: mine.cpu[0] / count * 1e3,
        ALL: sum(mine.cpu) / count * 1e3,
        PLAIN: theirs.cpu[0] / count * 1e3,
        RATIO: mine.cpu[0] / theirs.cpu[0],
        "late, %": mine.late * 100,
        "late, plain, %": theirs.late * 100,
        "rate off, %": mine.off * 100,
        "clients late, ms": mine.lag * 1e3,
    }
