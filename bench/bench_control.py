"""Control plane under a saturated data plane, and effect of its abuse on the data plane.

Three tables: latency of ListSessions and KillSessions with a thousand live sessions, idle and with bulk sessions at
full rate on every worker; time from the call of ShutdownServer to the last byte received by any client, likewise; and
rate errors of ten households with nothing, thousands of idle control connections, or HTTP/2 abuse. Clients and load
share the machine with the daemon. Takes about three minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from statistics import median, quantiles

import uvloop
from websockets.exceptions import WebSocketException

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import readers
from bench.cores import cpu_seconds
from bench.frame_reader import FrameReader
from bench.quiet import QUIET, quiet_crowd
from household.v1 import server_service_pb2, session_service_pb2
from householdd.supervisor.gate.forwarding import PREFACE
from tests.daemon import Daemon, running, wait_until
from tests.hostile import Hostile, connected
from tests.websocket_clients import Client, client
from tests.worker.test_rates import MEGABITS, load

WORKERS = 2
SESSIONS = 1000
KILLS = 150
CALLS = 300
MAX_ROW_S = 6.0
"""Longest measurement of one row."""
SHUTDOWNS = 3
"""Rounds of a shutdown; shows the worst and the median."""
BULK_PER_WORKER = 2
"""Sessions at full rate per worker; more until every worker has one."""
IDLE_CONNECTIONS = 2000
HOUSEHOLDS = 10

_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Target:
    """A daemon, as another process needs it to connect."""

    ws_url: str
    ca_file: str
    address: tuple[str, int]

    @classmethod
    def of(cls, daemon: Daemon) -> Target:
        return cls(daemon.ws_url, str(daemon.directory / "state" / "dev-ca.pem"), daemon.address)

    @property
    def tls(self) -> ssl.SSLContext:
        """TLS context that trusts the daemon's certificate."""
        return ssl.create_default_context(cafile=self.ca_file)


def crowd(target: Target, first: int, count: int, last_byte: Synchronized[float]) -> None:
    """Hold sessions that only answer pings, until the process is killed; record the time of each message."""

    class Noting(Client):
        async def read(self) -> None:
            with contextlib.suppress(WebSocketException):
                async for _ in self.connection:
                    last_byte.value = time.monotonic()

    async def one(index: int, gate: asyncio.Semaphore) -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with gate:
                await stack.enter_async_context(client(target, f"{QUIET}_{index}", Noting))
            await asyncio.Event().wait()

    async def everyone() -> None:
        gate = asyncio.Semaphore(20)
        await asyncio.gather(*(one(first + index, gate) for index in range(count)), return_exceptions=True)

    uvloop.run(everyone())


def bulk(target: Target, last_byte: Synchronized[float]) -> None:
    """Read one session at full rate until it ends."""
    buffer = bytearray(256 * 1024)
    with readers.connected(target.address, target.tls, readers.upgrade("computer")) as sock:
        frames = FrameReader(sock)
        with contextlib.suppress(OSError):
            while got := sock.recv_into(buffer):
                last_byte.value = time.monotonic()
                frames.take(memoryview(buffer)[:got])


def idle(control_socket: str, ready: Synchronized[float]) -> None:
    """Hold control connections that send nothing after their preface."""
    held = []
    for _ in range(IDLE_CONNECTIONS):
        sock = connected(Path(control_socket))
        sock.sendall(PREFACE + b"\0\0\0\x04\0\0\0\0\0")
        held.append(sock)
    for sock in held:
        # The server's SETTINGS: the connection was accepted.
        sock.recv(9)
    ready.value = len(held)
    time.sleep(120)


def abuse(control_socket: str, rounds: Synchronized[float]) -> None:
    """Endlessly reset streams, open streams without a request, and flood with pings and settings."""
    while True:
        with contextlib.suppress(OSError), Hostile(Path(control_socket)) as one:
            one.reset_streams(1000)
        with contextlib.suppress(OSError), Hostile(Path(control_socket)) as one:
            for index in range(100):
                one.headers(2 * index + 1)
            one.flush()
        with contextlib.suppress(OSError), Hostile(Path(control_socket)) as one:
            one.flood(1000)
        rounds.value += 1


class Load:
    """Processes of clients, killed at the end of a block."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.target = Target.of(daemon)
        self.last_byte: list[Synchronized[float]] = []
        self._processes: list[BaseProcess] = []

    def start(self, run: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Synchronized[float]]:
        """Run ``run(*arguments, value)`` in a new process; ``value`` is shared."""
        value: Synchronized[float] = _spawn.Value("d", 0.0)
        process = _spawn.Process(target=run, args=(*arguments, value), daemon=True)
        process.start()
        self._processes.append(process)
        return process, value

    def small(self, count: int) -> None:
        """Open sessions with little traffic."""
        half = count // 2
        for first, size in ((0, half), (half, count - half)):
            self.last_byte.append(self.start(crowd, self.target, first, size)[1])
        wait_until(lambda: self._sessions() >= count, f"{count} sessions", 90)

    def bulk(self) -> list[BaseProcess]:
        """Open sessions at full rate, on every worker."""
        started: list[BaseProcess] = []
        for _ in range(WORKERS * BULK_PER_WORKER):
            process, value = self.start(bulk, self.target)
            started.append(process)
            self.last_byte.append(value)
        wait_until(lambda: len(self._bulk_workers()) >= len(started), "the bulk sessions", 60)
        while len(set(self._bulk_workers())) < WORKERS and len(started) < 16:
            least = len(self._bulk_workers()) + 1
            process, value = self.start(bulk, self.target)
            started.append(process)
            self.last_byte.append(value)
            wait_until(partial(self._bulks, least), "one more bulk session", 60)
        if len(set(self._bulk_workers())) < WORKERS:
            raise AssertionError("a worker is without a bulk session")
        time.sleep(2)
        return started

    def _bulks(self, least: int) -> bool:
        return len(self._bulk_workers()) >= least

    def _bulk_workers(self) -> list[str]:
        return [session.worker for session in self.daemon.list_sessions("profile = computer")]

    def _sessions(self) -> int:
        return self.daemon.get_server().sessions

    def reached(self, value: Synchronized[float], least: float) -> None:
        """Wait until ``value`` of a process reaches ``least``."""
        wait_until(lambda: value.value >= least, f"{least:g} of the process's doings", 60)

    def end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()


@contextlib.contextmanager
def loaded(*options: str) -> Iterator[Load]:
    """Run a daemon of two workers, and its clients."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory), "--workers", str(WORKERS), *options, env=quiet_crowd(Path(directory))) as it,
    ):
        load_on_it = Load(it)
        try:
            yield load_on_it
        finally:
            load_on_it.end()


def busy() -> tuple[float, float]:
    """Return the seconds that the machine's cores were busy, and their total."""
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    ticks = os.sysconf("SC_CLK_TCK")
    return (sum(fields) - fields[3] - fields[4]) / ticks, sum(fields) / ticks


class Usage:
    """CPU time of the workers and of the whole machine over a block."""

    def __init__(self, daemon: Daemon) -> None:
        self._pids = daemon.worker_pids()
        self._began = time.monotonic()
        self._cpu, self._machine = [cpu_seconds(pid) for pid in self._pids], busy()

    def __str__(self) -> str:
        elapsed = time.monotonic() - self._began
        shares = (
            f"{(cpu_seconds(pid) - before) / elapsed:.0%}" for pid, before in zip(self._pids, self._cpu, strict=True)
        )
        used, had = (after - before for after, before in zip(busy(), self._machine, strict=True))
        return f"workers at {' and '.join(shares)} of a core, machine {used / had:.0%} busy"


def calls(name: str, daemon: Daemon, call: Callable[[int], object], most: int = CALLS) -> None:
    """Print a row: latency of successive calls."""
    took: list[float] = []
    usage, end = Usage(daemon), time.monotonic() + MAX_ROW_S
    while len(took) < most and time.monotonic() < end:
        began = time.perf_counter()
        call(len(took))
        took.append((time.perf_counter() - began) * 1e3)
        # As by people and their scripts; without a pause the calls would be the load.
        time.sleep(0.01)
    cuts = quantiles(took, n=100, method="inclusive")
    print(f"  {name:38}{len(took):5} calls  p50 {cuts[49]:7.1f} ms  p99 {cuts[98]:7.1f} ms   {usage}", flush=True)


def latencies() -> None:
    """Print the first table."""
    print(
        f"{SESSIONS} live sessions, {WORKERS} workers; saturated: {WORKERS * BULK_PER_WORKER} or more bulk ones too",
        flush=True,
    )
    with loaded("--log-level", "warning") as clients:
        daemon = clients.daemon
        clients.small(SESSIONS)
        small = [session.id for session in daemon.list_sessions(f"profile = {QUIET}")]

        def listing(size: int) -> Callable[[int], object]:
            request = session_service_pb2.ListSessionsRequest(page_size=size)
            return lambda _: daemon.sessions.ListSessions(request, timeout=10)

        missed: list[str] = []

        def kill(_: int) -> None:
            ids = session_service_pb2.SessionIds(ids=[small.pop()])
            request = session_service_pb2.KillSessionsRequest(ids=ids, reason="bench")
            answer = daemon.sessions.KillSessions(request, timeout=10)
            if [result.outcome for result in answer.results] != [session_service_pb2.KILL_OUTCOME_KILLED]:
                missed.append(str(answer))

        lists = [(f"ListSessions, {size} on the page", listing(size)) for size in (100, 1000)]
        time.sleep(5)
        for name, call in lists:
            calls(f"{name}, idle", daemon, call)
        started = clients.bulk()
        for name, call in lists:
            calls(f"{name}, saturated", daemon, call)
        calls("KillSessions of one, saturated", daemon, kill, KILLS)
        for process in started:
            process.kill()
        wait_until(lambda: not daemon.list_sessions("profile = computer"), "the end of the bulk sessions")
        time.sleep(1)
        calls("KillSessions of one, idle", daemon, kill, KILLS)
        print(f"  {len(missed)} of the kills did not reach their session", *missed[:1])


def shutdowns() -> None:
    """Print the second table."""
    print("ShutdownServer with 200 small sessions: from the call to the last byte that any client received", flush=True)
    for name in ("idle", "saturated"):
        rows, used = [], ""
        for _ in range(SHUTDOWNS):
            with loaded("--log-level", "warning") as clients:
                clients.small(200)
                if name == "saturated":
                    clients.bulk()
                usage = Usage(clients.daemon)
                time.sleep(2)
                used = str(usage)
                called = time.monotonic()
                request = server_service_pb2.ShutdownServerRequest(reason="bench")
                answer = clients.daemon.server.ShutdownServer(request, timeout=10)
                answered = time.monotonic()
                time.sleep(2)
                last = max(value.value for value in clients.last_byte)
                rows.append((last - called, answered - called, len(answer.killed_workers)))
        ends, answers = sorted(row[0] for row in rows), sorted(row[1] for row in rows)
        print(
            f"  {name:10} last byte {median(ends) * 1e3:5.0f} ms, worst {ends[-1] * 1e3:5.0f} ms; answer "
            f"{median(answers) * 1e3:5.0f} ms, worst {answers[-1] * 1e3:5.0f} ms; "
            f"{sum(row[2] for row in rows)} workers had to be killed   {used}",
            flush=True,
        )


def pacing() -> None:
    """Print the third table."""
    print(f"{HOUSEHOLDS} households of alex, sarah and jake: measured over wanted, least and greatest", flush=True)
    with loaded("--log-level", "error") as clients:
        daemon = clients.daemon
        socket_path = str(daemon.control_socket)
        users = [f"{who}_{index}" for index in range(HOUSEHOLDS) for who in ("alex", "sarah", "jake")]
        for name, run, ready in (
            ("nothing else", None, 0),
            (f"{IDLE_CONNECTIONS} idle control connections", idle, IDLE_CONNECTIONS),
            ("HTTP/2 abuse", abuse, 1),
        ):
            process = value = None
            if run is not None:
                process, value = clients.start(run, socket_path)
                clients.reached(value, ready)
            usage = Usage(daemon)
            rounds = value.value if value else 0.0
            (report,) = load(daemon, users, spread=2)
            used = str(usage)
            ratios = [
                measured / (wanted * 1e6)
                for rates in report.sessions
                for measured, wanted in zip(
                    (rates.download, rates.upload), MEGABITS[rates.user.partition("_")[0]], strict=True
                )
            ]
            notes = f", {value.value - rounds:.0f} rounds of abuse" if run is abuse and value else ""
            print(
                f"  {name:30}{min(ratios):.4f} to {max(ratios):.4f}   clients' own lag {report.worst_lag:.3f} s, "
                f"{used}{notes}",
                flush=True,
            )
            if process is not None:
                process.kill()
                process.join()


def main() -> None:
    latencies()
    shutdowns()
    pacing()


if __name__ == "__main__":
    main()
