"""Question 6: what a gigabyte of upload costs a worker."""

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
from bench.readers import connected
from tests.daemon import CROWD, running

CHUNK = 64 * 1024
"""Payload bytes of a frame; deployed clients upload in chunks of up to so many."""

CLIENTS = 4

USER = "sarah"
"""Her download has the fewest portions, so that it counts least in what is measured."""

PACE = 200e6
"""Bit/s of each client. More than 500 frames a second for long are a flood, which ends the session."""

LIMIT = "blocking recv_into"
CPU = "CPU s/GB"


def answer(options: Options) -> Answer:
    """A table for WSS and one for WS."""
    tables = [_table(name, options) for name in ("WSS", "WS")]
    how = (
        f"CPU time of the receiving process for a gigabyte of upload, from {CLIENTS} clients that send frames of "
        f"{CHUNK // 1024} KiB at {PACE / 1e6:.0f} Mbit/s each. The limit is a thread for each that calls `recv_into` "
        "and ignores the data; a plain WebSocket server also unmasks every byte."
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
    # More is asked for than comes, or it would be an attack; and the download stands aside.
    rates.set_rates(daemon, USER, download_mbps=0.01, upload_mbps=2 * PACE / 1e6)
    measure = partial(_measure, tls=daemon.tls if secure else None, seconds=options.seconds)
    yield "householdd", partial(measure, daemon.address, daemon.worker_pids()[0])
    state_dir = directory / "state" if secure else None
    for name, kind in ((LIMIT, "blocking"), ("websockets", "websockets"), ("picows", "picows")):
        each = stack.enter_context(peer("upload", kind, state_dir))
        yield name, partial(measure, each.address, each.pid)


def _measure(address: tuple[str, int], pid: int, *, tls: ssl.SSLContext | None, seconds: float) -> Measured:
    frame = Frame(Opcode.BINARY, os.urandom(CHUNK)).serialize(mask=True)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(address, tls, USER)) for _ in range(CLIENTS)]
        # By then the server has asked for some of what it will ask for.
        time.sleep(1)
        turns = round(seconds * PACE / 8 / CHUNK)
        cpu, at = cpu_seconds(pid), time.perf_counter()
        for _ in range(turns):
            at += CHUNK * 8 / PACE
            time.sleep(max(at - time.perf_counter(), 0))
            for client in clients:
                client.sendall(frame)
        # The last of it may still be on its way.
        time.sleep(0.1)
        return {CPU: (cpu_seconds(pid) - cpu) / (turns * CLIENTS * CHUNK / 1e9)}
