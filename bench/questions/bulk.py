"""Question 1: cost of a gigabyte of download at a worker."""

from __future__ import annotations

import contextlib
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import rates
from bench.cores import ON_SERVER_CORE, cpu_seconds
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import Peer, peer
from bench.peers.ndt_server import REQUEST, executable, ndt_server
from bench.readers import readers, upgrade
from tests.daemon import CROWD, Daemon, running

WARM_UP_S = 0.5
"""Time for the congestion window to open and the interpreter to specialise."""

LIMIT = "blocking sendall"
CPU = "CPU s/GB"


def answer(options: Options) -> Answer:
    """Return four tables: WSS and WS, 1 and 16 connections."""
    tables = [
        _table(name, connections, most, options)
        for name, most in (("WSS", 1.15), ("WS", 1.1))
        for connections in (1, 16)
    ]
    how = (
        "CPU time of the sending process, with TCP in the kernel, for a gigabyte that the clients received. The "
        "limit is a loop of blocking `sendall` of the same 16 KiB frames to each client in turn. The Computer's rate "
        "is raised to 10 Gbit/s, so that its sessions are as fast as the others; the second row is an unmodified "
        "Computer, at 1 Gbit/s, which is due every 5 ms. `ndt-server`, in Go, is measured where it is on the PATH."
    )
    return Answer("Bulk download", how, tables, Plot(CPU))


def _table(name: str, connections: int, most: float, options: Options) -> Table:
    with contextlib.ExitStack() as stack:
        subjects = dict(_subjects(stack, connections, options, secure=name == "WSS"))
        rows = interleaved(subjects, options.rounds)
    words = "1 connection" if connections == 1 else f"{connections} connections"
    return Table(f"{name}, {words}", rows, CPU, LIMIT, {"householdd": f"{most:g} at most"})


def _subjects(
    stack: contextlib.ExitStack, connections: int, options: Options, *, secure: bool
) -> Iterator[tuple[str, Callable[[], Measured]]]:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    arguments = ("--workers", "1", *(() if secure else ("--no-tls",)))
    daemon = stack.enter_context(running(directory, *arguments, env=CROWD, prefix=ON_SERVER_CORE))
    tls = daemon.tls if secure else None
    measure = partial(_measure, tls=tls, connections=connections, seconds=options.seconds)
    ours = partial(measure, Peer(daemon.address, daemon.worker_pids()[0]))
    yield "householdd", partial(_at, 10_000.0, daemon, ours)
    if connections == 1:
        yield "householdd, 1 Gbit/s", partial(_at, 1_000.0, daemon, ours)
    state_dir = directory / "state" if secure else None
    for name, kind in ((LIMIT, "blocking"), ("websockets", "websockets"), ("picows", "picows")):
        each = stack.enter_context(peer("bulk", kind, state_dir, str(connections)))
        yield name, partial(measure, each)
    if secure and connections == 1 and (path := executable()) is not None:
        ndt = stack.enter_context(ndt_server(path, directory))
        yield "ndt-server", partial(measure, ndt, request=REQUEST)


def _at(mbps: float, daemon: Daemon, measure: Callable[[], Measured]) -> Measured:
    rates.set_rates(daemon, "computer", download_mbps=mbps)
    return measure()


def _measure(
    server: Peer,
    *,
    tls: ssl.SSLContext | None,
    connections: int,
    seconds: float,
    request: bytes = upgrade("computer"),
) -> Measured:
    with readers(server.address, tls, connections, request) as clients:
        clients.read(WARM_UP_S)
        cpu, began = cpu_seconds(server.pid), time.perf_counter()
        count = clients.read(seconds)
        elapsed = time.perf_counter() - began
        used = cpu_seconds(server.pid) - cpu
    return {CPU: used / (count / 1e9), "Gbit/s": count * 8 / elapsed / 1e9}
