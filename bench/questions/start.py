"""Question 8: time until a session can be opened, and until many have ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.crowd import Crowd
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.quiet import QUIET, quiet_crowd
from bench.readers import upgrade
from tests.daemon import CROWD, Daemon, running, wait_until

COUNT = 1000

IMPORTS = "python -c 'import grpc, websockets, uvloop'"
EMPTY = "no sessions"
SECONDS = "seconds"


def answer(options: Options) -> Answer:
    """Return two tables."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        beginnings = interleaved(
            {
                "start to first session": partial(_start, directory),
                "kill -9 of the worker to first session": partial(_restart, directory),
                IMPORTS: _imports,
            },
            options.rounds,
        )
        ends = interleaved(
            {f"{COUNT} sessions": partial(_end, directory, COUNT), EMPTY: partial(_end, directory, 0)}, options.rounds
        )
    how = (
        "From the start of `householdd` with one worker, or from the death of its only worker, until a client's "
        "upgrade is answered over WSS. The limit is the time that Python takes to import the three largest "
        "libraries. A start has two such processes, one after the other, and a worker is restarted after 0.2 s. The "
        "second table: from the SIGTERM that ends the sessions until all processes are gone."
    )
    tables = [
        Table("Until a session opens", beginnings, SECONDS, IMPORTS),
        Table("Until it has stopped", ends, SECONDS, EMPTY),
    ]
    return Answer("Start, restart and stop", how, tables, Plot(SECONDS))


def _imports() -> Measured:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import grpc, websockets, uvloop"], check=True)
    return {SECONDS: time.perf_counter() - began}


def _start(directory: Path) -> Measured:
    began = time.perf_counter()
    with running(directory, "--workers", "1", env=CROWD) as daemon:
        _open_one(daemon)
        return {SECONDS: time.perf_counter() - began}


def _restart(directory: Path) -> Measured:
    with running(directory, "--workers", "1", env=CROWD) as daemon:
        _open_one(daemon)
        began = time.perf_counter()
        os.kill(daemon.worker_pids()[0], signal.SIGKILL)
        _open_one(daemon)
        return {SECONDS: time.perf_counter() - began}


def _open_one(daemon: Daemon) -> None:
    """Open and close a session; retry if it was lost with a dying worker."""
    wait_until(lambda: _opened(daemon), "a session opens")


def _opened(daemon: Daemon) -> bool:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        plain = socket.create_connection(daemon.address, timeout=30)
        with daemon.tls.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(upgrade("alex"))
            return b" 101 " in sock.recv(64)
    return False


def _end(directory: Path, count: int) -> Measured:
    with running(directory, "--workers", "1", env=quiet_crowd(directory)) as daemon:
        crowd = Crowd(daemon.address, daemon.tls, (QUIET,))
        crowd.resize(count)
        began = time.perf_counter()
        daemon.process.send_signal(signal.SIGTERM)
        if count:
            # Without sessions, one signal is enough; two at once might merge.
            wait_until(lambda: daemon.events("draining"), "it drains")
            began = time.perf_counter()
            daemon.process.send_signal(signal.SIGTERM)
        daemon.process.wait(30)
        took = time.perf_counter() - began
        crowd.close()
        return {SECONDS: took}
