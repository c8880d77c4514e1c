"""Question 7: delay of a small session, and of control calls, at a saturated worker."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import quantiles

from websockets.frames import Frame, Opcode

from bench import rates
from bench.cores import ON_SERVER_CORE
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import peer
from bench.readers import connected, readers, upgrade
from tests.daemon import CROWD, Daemon, running

BULK = 4
"""Sessions that take all that the worker can send."""

REQUEST_INTERVAL_S = 0.01
"""Pause between an answer and the next request."""

P50, P99 = "p50, ms", "p99, ms"

_ASK = Frame(Opcode.TEXT, json.dumps({"type": "ping", "sequence": 1, "timestamp": 1}).encode()).serialize(mask=True)
_spawn = multiprocessing.get_context("spawn")


def answer(options: Options) -> Answer:
    """Return a table of echoes, and one of control calls."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(running(directory, "--workers", "1", env=CROWD, prefix=ON_SERVER_CORE))
        rates.set_rates(daemon, "computer", download_mbps=10_000)
        plain = stack.enter_context(peer("echo", "websockets", directory / "state"))
        ours, theirs = daemon.address, plain.address
        echoes = interleaved(dict(_echoes(daemon, ours, theirs, options)), options.rounds)
        calls = interleaved(dict(_calls(daemon, ours, options)), options.rounds)
    how = (
        f"Time until a small message is answered on a session of its own, over WSS, alone and while {BULK} bulk "
        "sessions take all that the same worker can send; beside it a plain `websockets` server with the same load. "
        "Then the same for a call of the control API, GetServer, which asks the worker. The bulk clients share a "
        "core with the measuring client, which has priority."
    )
    tables = [
        Table("Echo", echoes, P99, "websockets, saturated"),
        Table("GetServer", calls, P99, "householdd, alone"),
    ]
    return Answer("Latency beside bulk", how, tables, Plot(P99))


def _echoes(
    daemon: Daemon, ours: tuple[str, int], theirs: tuple[str, int], options: Options
) -> Iterator[tuple[str, Callable[[], Measured]]]:
    for name, address in (("householdd", ours), ("websockets", theirs)):
        ask = partial(_echo, address, daemon.tls, options.seconds)
        yield f"{name}, alone", ask
        yield f"{name}, saturated", partial(_beside_bulk, daemon, address, ask)


def _calls(daemon: Daemon, ours: tuple[str, int], options: Options) -> Iterator[tuple[str, Callable[[], Measured]]]:
    call = partial(_timed, daemon.get_server, options.seconds)
    yield "householdd, alone", call
    yield "householdd, saturated", partial(_beside_bulk, daemon, ours, call)


def _echo(address: tuple[str, int], tls: ssl.SSLContext, seconds: float) -> Measured:
    # A probe's session has no other traffic than the answer.
    with connected(address, tls, upgrade("probe_1")) as sock:
        sock.settimeout(5)
        return _timed(partial(_ask, sock), seconds)


def _ask(sock: socket.socket) -> None:
    sock.sendall(_ASK)
    # Another message may precede the answer.
    while b'"sequence":' not in sock.recv(16384).replace(b" ", b""):
        pass


def _timed(call: Callable[[], object], seconds: float) -> Measured:
    took, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(REQUEST_INTERVAL_S)
    cuts = quantiles(took, n=100, method="inclusive")
    return {P50: cuts[49], P99: cuts[98]}


def _beside_bulk(daemon: Daemon, address: tuple[str, int], measure: Callable[[], Measured]) -> Measured:
    ready = _spawn.Event()
    ca_file = str(daemon.directory / "state" / "dev-ca.pem")
    process = _spawn.Process(target=_bulk, args=(address, ca_file, ready), daemon=True)
    process.start()
    try:
        assert ready.wait(30), "the bulk sessions did not begin"
        return measure()
    finally:
        process.kill()
        process.join()


def _bulk(address: tuple[str, int], ca_file: str, ready: multiprocessing.synchronize.Event) -> None:
    os.nice(10)
    with readers(address, ssl.create_default_context(cafile=ca_file), BULK, upgrade("computer")) as clients:
        clients.read(0.5)
        ready.set()
        clients.read(300)
