"""Time from an emergency order to the last payload byte, whatever stands still.

One row for each trouble, one column for each order; worst and median of three rounds. The clients are Jakes and bulk
sessions on two workers, over WSS, and share the machine with the daemon. Takes about four minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from household.v1 import server_service_pb2
from tests.daemon import Daemon, running
from tests.websocket_clients import OldPage, client

ROUNDS = 3
USERS = ("computer_1", "computer_2", *(f"jake_{number}" for number in range(6)))
AFTER_S = 2.5
"""Seconds after the order in which payload is still counted."""
LIMITS = {"HOUSEHOLDD_LIMITS__SESSION_MBPS": "50"}
"""So that clients in one process keep up with what they receive."""


def workers(daemon: Daemon) -> list[int]:
    pid = daemon.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def by_rpc(daemon: Daemon) -> None:
    with contextlib.suppress(Exception):
        daemon.server.ShutdownServer(server_service_pb2.ShutdownServerRequest(reason="bench"), timeout=2)


def by_file(daemon: Daemon) -> None:
    (daemon.runtime_dir / "emergency-stop").touch()


def by_signal(daemon: Daemon) -> None:
    """As systemctl kill -s USR2 does."""
    for pid in (daemon.process.pid, *workers(daemon)):
        os.kill(pid, signal.SIGUSR2)


ORDERS: Mapping[str, Callable[[Daemon], None]] = {
    "householdctl shutdown": by_rpc,
    "signal to all processes": by_signal,
    "file": by_file,
}


def nothing(_: Daemon) -> None:
    """Everything runs."""


def hold_supervisor(daemon: Daemon) -> None:
    os.kill(daemon.process.pid, signal.SIGSTOP)


def hold_worker(daemon: Daemon) -> None:
    os.kill(workers(daemon)[0], signal.SIGSTOP)


def fill_disk(daemon: Daemon) -> None:
    for pid in (daemon.process.pid, *workers(daemon)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))


TROUBLES: Mapping[str, Callable[[Daemon], None]] = {
    "nothing": nothing,
    "supervisor under SIGSTOP": hold_supervisor,
    "a worker under SIGSTOP": hold_worker,
    "log unread": nothing,
    "disk full": fill_disk,
}


@contextlib.contextmanager
def full_pipe() -> Iterator[int]:
    """Writing end of a pipe that takes no byte more."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, bytes(4096))
    try:
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


async def last_byte(daemon: Daemon, trouble: Callable[[Daemon], None], order: Callable[[Daemon], None]) -> float:
    """Return the seconds from the order to the last payload byte at any client."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(daemon, user, OldPage)) for user in USERS]
        for each in clients:
            await each.payload()
        await asyncio.sleep(2)
        trouble(daemon)
        await asyncio.sleep(0.3)
        ordered = time.monotonic()
        ordering = asyncio.create_task(asyncio.to_thread(order, daemon))
        await asyncio.sleep(AFTER_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon.process.pid, signal.SIGCONT)
        await ordering
        return max(at for each in clients for at, _ in each.arrivals) - ordered


def measure(name: str, order: Callable[[Daemon], None]) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        with contextlib.ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            stderr = stack.enter_context(full_pipe()) if name == "log unread" else None
            daemon = stack.enter_context(running(directory, "--workers", "2", env=LIMITS, stderr=stderr))
            found.append(uvloop.run(last_byte(daemon, TROUBLES[name], order)))
    return sorted(found)


def main() -> None:
    """Print the table."""
    print("| " + " | ".join(["what stands still", *ORDERS]) + " |")
    print("|---" * (1 + len(ORDERS)) + "|", flush=True)
    for name in TROUBLES:
        cells = []
        for order in ORDERS.values():
            found = measure(name, order)
            over = found[-1] > AFTER_S - 0.1
            cells.append("no end" if over else f"{median(found) * 1e3:.0f} ms, worst {found[-1] * 1e3:.0f} ms")
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
