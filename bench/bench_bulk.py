"""What one bulk session costs: gigabits per second, and the server's CPU seconds per gigabyte.

The limit beside it is a blocking ``sendall`` of the same frames in a plain thread of a plain process, read by the same
client in the same run. Usage: ``python bench/bench_bulk.py [SECONDS]``.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

sys.path.insert(0, str(Path(__file__).parent.parent))

from householdd.dataplane.payload import FRAME, frame
from tests.daemon import Daemon, running

ROUNDS = 3

UPGRADE = (
    b"GET /ws/virtual-household/computer HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@dataclass(frozen=True)
class Cost:
    """What a transfer came to."""

    gigabits: float
    """Per second."""
    cpu: float
    """The server's CPU seconds per gigabyte."""


def read_for(seconds: float, address: tuple[str, int], tls: ssl.SSLContext | None, pid: int) -> Cost:
    """Reads from a server, after half a second of warm-up."""
    buffer = bytearray(256 * 1024)
    plain = socket.create_connection(address)
    with tls.wrap_socket(plain, server_hostname="localhost") if tls else plain as sock:
        sock.sendall(UPGRADE)
        _drain(sock, buffer, 0.5)
        cpu, began = cpu_seconds(pid), time.perf_counter()
        count = _drain(sock, buffer, seconds)
        elapsed = time.perf_counter() - began
        return Cost(count * 8 / elapsed / 1e9, (cpu_seconds(pid) - cpu) / (count / 1e9))


def _drain(sock: socket.socket, buffer: bytearray, seconds: float) -> int:
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        count += sock.recv_into(buffer)
    return count


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def blast(listener: socket.socket, tls: ssl.SSLContext | None) -> None:
    """The limit: sends frames to one client at a time as fast as a blocking loop can."""
    data = frame(FRAME)
    while True:
        plain, _ = listener.accept()
        with tls.wrap_socket(plain, server_side=True) if tls else plain as sock:
            sock.recv(4096)
            try:
                while True:
                    sock.sendall(data)
            except OSError:
                # The client has seen enough.
                continue


@contextmanager
def limit(authority: trustme.CA | None) -> Iterator[tuple[tuple[str, int], int]]:
    """The blocking server's address and process id."""
    tls = None
    if authority is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(tls)
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=blast, args=(listener, tls), daemon=True)
    process.start()
    try:
        yield listener.getsockname(), process.pid or 0
    finally:
        process.kill()
        process.join()
        listener.close()


def address_of(daemon: Daemon) -> tuple[str, int]:
    """Where the daemon listens."""
    host, port = daemon.url.partition("//")[2].rstrip("/").split(":")
    return host, int(port)


def main() -> None:
    """Prints a row for WSS and one for WS."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print(f"{ROUNDS} rounds of {seconds:g} s each, medians; the profile asks for 1 Gbit/s, which caps the first figure")
    print(f"{'':5}{'householdd':>24}{'blocking sendall':>24}{'CPU ratio':>12}")
    for name, options in (("WSS", ()), ("WS", ("--no-tls",))):
        authority = trustme.CA() if name == "WSS" else None
        with (
            tempfile.TemporaryDirectory() as directory,
            running(Path(directory), *options) as daemon,
            limit(authority) as (limit_address, limit_pid),
        ):
            trust = ssl.create_default_context() if authority else None
            if trust is not None and authority is not None:
                authority.configure_trust(trust)
            pid = daemon.worker_pids()[0]
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(read_for(seconds, address_of(daemon), daemon.tls if authority else None, pid))
                theirs.append(read_for(seconds, limit_address, trust, limit_pid))
        mine, peer = (
            Cost(statistics.median(each.gigabits for each in costs), statistics.median(each.cpu for each in costs))
            for costs in (ours, theirs)
        )
        cells = (f"{each.gigabits:.2f} Gbit/s {each.cpu:.2f} s/GB" for each in (mine, peer))
        print(f"{name:5}" + "".join(f"{cell:>24}" for cell in cells) + f"{mine.cpu / peer.cpu:>12.2f}")


if __name__ == "__main__":
    main()
