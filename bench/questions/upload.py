"""Question 6: cost of a gigabyte of upload at a worker."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from websockets.frames import Frame, Opcode

from bench import rates
from bench.cores import ON_SERVER_CORE, cpu_seconds
from bench.figures import Answer, Measured, Options, Plot, Table, interleaved
from bench.peers.listening import peer
from bench.readers import connected, upgrade
from tests.daemon import CROWD, running

CHUNK_BYTES = 64 * 1024
"""Payload bytes of a frame, the most that deployed clients send."""

CLIENTS = 4

USER = "sarah"
"""Profile with the fewest download portions, which disturb the measurement least."""

PACE_BPS = 200e6
"""Rate of each client. More than 500 frames a second for long count as flooding and end the session."""

LIMIT = "blocking recv_into"
CPU = "CPU s/GB"


def answer(options: Options) -> Answer:
    """Return a table for WSS and one for WS."""
    tables = [_table(name, options) for name in ("WSS", "WS")]
    how = (
        f"CPU time of the receiving process for a gigabyte of upload, from {CLIENTS} clients that send frames of "
        f"{CHUNK_BYTES // 1024} KiB at {PACE_BPS / 1e6:.0f} Mbit/s each. The limit is a thread for each that calls "
        "`recv_into` and ignores the data; a plain WebSocket server also unmasks every byte."
    )
    return Answer("Upload", how, tables, Plot(CPU))


def _table(name: str, options: Options) -> Table:
    with contextlib.ExitStack() as stack:
        rows = interleaved(dict(_subjects(stack, options, secure=name == "WSS")), options.rounds)
    return Table(name, rows, CPU, LIMIT)


def _subjects(
    stack: contextlib.ExitStack, options: Options, *, secure: bool
) -> Iterator[tuple[str, Callable[[], Measured]]]:
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    arguments = ("--workers", "1", *(() if secure else ("--no-tls",)))
    daemon = stack.enter_context(running(directory, *arguments, env=CROWD, prefix=ON_SERVER_CORE))
    # Request more than is sent, or it would count as excess upload; keep the download small.
    rates.set_rates(daemon, USER, download_mbps=0.01, upload_mbps=2 * PACE_BPS / 1e6)
    measure = partial(_measure, tls=daemon.tls if secure else None, seconds=options.seconds)
    yield "householdd", partial(measure, daemon.address, daemon.worker_pids()[0])
    state_dir = directory / "state" if secure else None
    for name, kind in ((LIMIT, "blocking"), ("websockets", "websockets"), ("picows", "picows")):
        each = stack.enter_context(peer("upload", kind, state_dir))
        yield name, partial(measure, each.address, each.pid)


def _measure(address: tuple[str, int], pid: int, *, tls: ssl.SSLContext | None, seconds: float) -> Measured:
    frame = Frame(Opcode.BINARY, os.urandom(CHUNK_BYTES)).serialize(mask=True)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(address, tls, upgrade(USER))) for _ in range(CLIENTS)]
        # By then the server has requested some of the upload.
        time.sleep(1)
        turns = round(seconds * PACE_BPS / 8 / CHUNK_BYTES)
        cpu, at = cpu_seconds(pid), time.perf_counter()
        for _ in range(turns):
            at += CHUNK_BYTES * 8 / PACE_BPS
            time.sleep(max(at - time.perf_counter(), 0))
            for client in clients:
                client.sendall(frame)
        # The rest may still be in flight.
        time.sleep(0.1)
        return {CPU: (cpu_seconds(pid) - cpu) / (turns * CLIENTS * CHUNK_BYTES / 1e9)}
