"""Question 5: cost of a control pass per session."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.cores import ON_SERVER_CORE
from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers import idle
from bench.peers.listening import peer
from bench.quiet import QUIET, quiet_crowd
from tests.daemon import Daemon, running
from tests.scraping import LISTEN, scrape

COUNTS = (100, 1000, 5000)

CONCURRENT_HANDSHAKES = 16
"""Concurrent handshakes; opened one by one, 5000 sessions took nine minutes, because each waits for a pass or two."""

SETTLE_S = 2.0
"""Pause after the last session opened, longer than the age of metrics."""

LIMIT = "TCP_INFO and one write"
EACH = "µs for each session"

Looks = Callable[[], tuple[float, float]]
"""Visits of sessions in passes so far, and their total seconds."""


def answer(options: Options) -> Answer:
    """Return a table for each number of sessions."""
    tables = [_table(count, options) for count in COUNTS]
    how = (
        "Time of a control pass for each session, over WSS: TCP_INFO, deadlines, liveness, rates, and messages to "
        "the client. The limit is a loop that reads TCP_INFO of each connection and writes as many bytes to it by "
        "blocking OpenSSL. Sessions have next to no payload."
    )
    return Answer("Control pass", how, tables, Plot(EACH))


def _table(count: int, options: Options) -> Table:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = quiet_crowd(directory)
        daemon = stack.enter_context(running(directory, "--workers", "1", *LISTEN, env=env, prefix=ON_SERVER_CORE))
        file = directory / "looks"
        file.write_bytes(bytes(idle.LOOKS.size))
        limit = stack.enter_context(peer("idle", "passes", directory / "state", str(file)))
        clients = partial(Crowd, tls=daemon.tls, users=(QUIET,), at_once=CONCURRENT_HANDSHAKES)
        subjects = {
            "householdd": partial(
                _cost, partial(clients, daemon.address), partial(_looks, daemon, count), count, options.seconds
            ),
            LIMIT: partial(_cost, partial(clients, limit.address), partial(idle.read, file), count, options.seconds),
        }
        return Table(f"{count} sessions", interleaved(subjects, options.rounds), EACH, LIMIT)


def _looks(daemon: Daemon, count: int) -> tuple[float, float]:
    metrics = scrape(daemon)
    name = "householdd_control_pass_duration_seconds"
    return metrics.total(f"{name}_count") * count, metrics.total(f"{name}_sum")


def _cost(crowd_of: Callable[[], Crowd], looks: Looks, count: int, seconds: float) -> Measured:
    crowd = crowd_of()
    try:
        crowd.resize(count)
        crowd.play(SETTLE_S)
        looks_before, took_before = looks()
        crowd.play(seconds)
        looks_after, took_after = looks()
        each = (took_after - took_before) / (looks_after - looks_before)
        return {EACH: each * 1e6, "ms a pass": each * count * 1e3}
    finally:
        crowd.close()
