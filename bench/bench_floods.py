"""What honest households notice of sessions that flood a worker with frames; ``--write`` puts it into docs/security.md.

``python bench/bench_floods.py``. One worker with default limits on core 0; honest clients and attackers share core 1.
Twenty households of the same rates as in ``bench_abuse.py`` come, are measured for ten seconds and go, once in each row
of the table, and one client pings 50 times a second. The attackers' frames begin as they come, and attackers return a
second after each end. Takes about five minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, quantiles

import msgspec
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cores, document, machine
from bench.flooders import FRAMES_PER_S, KINDS, RAMP_S
from bench.flooders import Order as FloodOrder
from bench.flooders import Report as Flooded
from bench.honest import play, started
from household.v1 import server_service_pb2
from tests.daemon import Daemon, running

HOUSEHOLDS = 20
SPREAD_S = 4.0
"""Time over which a round's sessions are opened."""

LEAD_S = RAMP_S
"""Time before the households come: they meet the beginning of the flood."""

FLOOD_S = 26.0
"""Length of a flood: longer than a round."""

PING_INTERVAL_S = 0.02

MIN_OPEN_PART = 0.9
"""Part of the hostile sessions that must be open at once, or the round says nothing."""

ATTACKS = {
    "none": (0, 1, []),
    "50 of one address, every kind": (50, 1, list(KINDS)),
    "100 of one address, every kind": (100, 1, list(KINDS)),
    **{f"250 of one address, {kind}": (250, 1, [kind]) for kind in KINDS},
    "250 of 50 addresses of a /24, every kind": (250, 50, list(KINDS)),
    "none again": (0, 1, []),
}
"""Sessions, addresses and kinds of frames."""

DOCUMENT = Path("docs/security.md")
BEGIN, END = "<!-- floods: begin; written by bench/bench_floods.py -->", "<!-- floods: end -->"


class Pings:
    """Round trips of one honest client, in a thread."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._over = threading.Event()
        self.round_trips: list[float] = []

    def _run(self) -> None:
        sock = connect(
            self._daemon.ws_url + "probe", ssl=self._daemon.tls, source_address=("127.4.0.1", 0), ping_interval=None
        )
        with sock as websocket:
            reader = threading.Thread(target=lambda: all(True for _ in websocket), daemon=True)
            reader.start()
            while not self._over.wait(PING_INTERVAL_S):
                began = time.perf_counter()
                websocket.ping().wait(10)
                self.round_trips.append(time.perf_counter() - began)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Ping for the length of a block."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


@contextlib.contextmanager
def flood(daemon: Daemon, block: int, attack: tuple[int, int, list[str]]) -> Iterator[subprocess.Popen[bytes]]:
    """Flood for the length of a block, from addresses of a /24 of its own."""
    sessions, addresses, kinds = attack
    host, port = daemon.address
    sources = [f"127.3.{block}.{1 + number % addresses}" for number in range(sessions)]
    order = FloodOrder(host, port, sources, kinds, FLOOD_S if sessions else 0.0)
    process = started("bench.flooders", order)
    try:
        time.sleep(LEAD_S)
        yield process
    finally:
        process.wait(60)


def row(daemon: Daemon, name: str, block: int, attack: tuple[int, int, list[str]]) -> str:
    pings = Pings(daemon)
    pid = daemon.worker_pids()[0]
    with flood(daemon, block, attack) as process, pings.on():
        began, used = time.monotonic(), cores.cpu_seconds(pid)
        errors = play(daemon, HOUSEHOLDS, SPREAD_S)
        cpu = (cores.cpu_seconds(pid) - used) / (time.monotonic() - began)
    assert process.stdout
    report = msgspec.json.decode(process.stdout.read(), type=Flooded)
    server = daemon.get_server()
    print(f"  {report}", file=sys.stderr)
    causes = server_service_pb2.RefusalCause
    print("  refused:", {causes.Name(each.cause): each.count for each in server.totals.refusals}, file=sys.stderr)
    if report.most < MIN_OPEN_PART * attack[0]:
        raise SystemExit(f"{name}: only {report.most} hostile sessions were open at once: {report}")
    within = sum(error <= 0.02 for error in errors) / len(errors)
    cuts = quantiles(pings.round_trips, n=100)
    restarts = sum(worker.restarts for worker in server.workers)
    return (
        f"| {name} | {report.most} | {report.sent} | {within:.1%} | {mean(errors):.2%} | {max(errors):.1%} "
        f"| {cuts[49] * 1e3:.1f} | {cuts[98] * 1e3:.1f} | {cpu:.0%} | {restarts} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT}")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    arguments = parser.parse_args()
    cores.pin_load()
    os.nice(-5)
    columns = (
        "hostile sessions", "most at once", "frames sent", "honest within 2 %", "mean error", "worst",
        "pings p50, ms", "pings p99, ms", "worker's CPU", "workers replaced",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    print(*lines, sep="\n", flush=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory), "--workers", "1", prefix=cores.ON_SERVER_CORE) as daemon,
    ):
        for block, (name, attack) in enumerate(ATTACKS.items()):
            if arguments.only in name:
                lines.append(row(daemon, name, block, attack))
                print(lines[-1], flush=True)
        steps = [(each["step"], each["cause"]) for each in daemon.events("overload") if "cause" in each]
    print("steps of overload:", steps)
    if arguments.write:
        write(lines, len(steps))


def write(lines: list[str], steps: int) -> None:
    """Put the table between its markers."""
    command = "python bench/bench_floods.py --write"
    measured = (
        f"Measured on {machine.today()} by `{command}`, in one run: {machine.description()}. "
        f"Each hostile session sends up to {FRAMES_PER_S} frames a second over TLS. Steps of overload: {steps}."
    )
    document.put(DOCUMENT, BEGIN, END, ["\n".join(lines), measured])


if __name__ == "__main__":
    main()
