"""Effect on honest households of 5,000 hostile connections from 50 address blocks for a minute.

The daemon has its default limits. Forty households come and go: first alone, then under attack. Each has 6 Mbit/s: Alex
and Sarah at full rate, Jake at a fifth and the Computer at 1 Mbit/s, so that two cores carry daemon, clients and
attackers. Pacing is each session's mean rate over ten seconds against its profile's. Takes about three minutes.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, quantiles

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.attackers import BLOCKS, RAMP_S
from bench.attackers import Order as Attack
from bench.attackers import Report as Attacked
from bench.honest import PlayError, play, started
from household.v1 import server_service_pb2, session_service_pb2
from tests.daemon import Daemon, running, wait_until

HOUSEHOLDS = 40
CONNECTIONS = 5000
ATTACK_S = 75.0
CALM_ROUNDS = 2
SPREAD_S = 6.0
"""Time over which a round's sessions are opened."""

CALL_INTERVAL_S = 0.05
"""Pause between two calls of the control API."""


class Round(msgspec.Struct):
    """One round of the households, or its failure."""

    errors: list[float]
    """Relative error of each session's download rate."""
    failure: str = ""


class Watch:
    """Calls the control API and reads the daemon's memory, in a thread."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.latencies: list[float] = []
        self.most_memory = 0

    def _look(self) -> None:
        request = session_service_pb2.ListSessionsRequest(page_size=100)
        while not self._over.wait(CALL_INTERVAL_S):
            began = time.perf_counter()
            self._daemon.sessions.ListSessions(request, timeout=30)
            self.latencies.append(time.perf_counter() - began)
            self.most_memory = max(self.most_memory, memory(self._daemon))

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Watch for the length of a block."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()


def memory(daemon: Daemon) -> int:
    """Return the proportional set size of the supervisor and its workers, in bytes."""
    total = 0
    for pid in (daemon.process.pid, *daemon.worker_pids()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(rollup.split("Pss:")[1].split()[0]) * 1024
    return total


def play_round(daemon: Daemon) -> Round:
    """Run all households once."""
    try:
        return Round(play(daemon, HOUSEHOLDS, SPREAD_S))
    except PlayError as error:
        return Round([], str(error))


def attack(daemon: Daemon) -> subprocess.Popen[bytes]:
    host, port = daemon.address
    return started("bench.attackers", Attack(host, port, CONNECTIONS, ATTACK_S))


def row(name: str, rounds: list[Round], watch: Watch) -> None:
    """Print the row of a phase."""
    errors = [error for each in rounds for error in each.errors]
    within = sum(error <= 0.02 for error in errors) / len(errors) if errors else 0
    failed = sum(bool(each.failure) for each in rounds)
    print(
        f"| {name} | {len(rounds)} | {failed} | {mean(errors or [1]):.2%} | {within:.1%} | {max(errors or [1]):.1%} "
        f"| {quantiles(watch.latencies, n=100)[98] * 1e3:.0f} ms of {len(watch.latencies)} "
        f"| {watch.most_memory / 1e6:.0f} MB |",
        flush=True,
    )
    for each in rounds:
        if each.failure:
            print(f"  a round failed: {each.failure}", file=sys.stderr)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running(Path(directory), "--workers", "2") as daemon:
        before = memory(daemon)
        calm, under_attack = Watch(daemon), Watch(daemon)
        columns = ("", "rounds", "broken off", "mean error", "within 2 %", "worst", "ListSessions, p99", "most memory")
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        with calm.on():
            rounds = [play_round(daemon) for _ in range(CALM_ROUNDS)]
        row("alone", rounds, calm)

        with under_attack.on():
            attackers = attack(daemon)
            try:
                time.sleep(RAMP_S)
                rounds = []
                while attackers.poll() is None:
                    played = play_round(daemon)
                    # Ignore a round cut by the end of the attack, unless it failed.
                    if attackers.poll() is None or played.failure:
                        rounds.append(played)
            finally:
                attackers.terminate()
        row("under attack", rounds, under_attack)

        assert attackers.stdout
        attacked = msgspec.json.decode(attackers.stdout.read(), type=Attacked)
        wait_until(lambda: all(not worker.census.connections for worker in daemon.get_server().workers), "the end", 60)
        time.sleep(15)
        server = daemon.get_server()
        census = [worker.census for worker in server.workers]
        print(f"\nmost hostile connections at once {attacked.most}, of {BLOCKS} blocks; opened:")
        for kind, count in attacked.opened.items():
            print(f"  {kind}: {count}")
        print(f"  ended by the server before their time: {attacked.failed}")
        print("restarts of workers:", sum(worker.restarts for worker in server.workers))
        causes = server_service_pb2.RefusalCause
        print("refused:", {causes.Name(each.cause): each.count for each in server.totals.refusals})
        print(
            "steps of overload:", [(each["worker"], each["step"], each["cause"]) for each in daemon.events("overload")]
        )
        print(f"memory before {before / 1e6:.0f} MB, 15 s after {memory(daemon) / 1e6:.0f} MB")
        print("left:", sum(each.connection_objects for each in census), "connections,", end=" ")
        print(sum(each.session_objects for each in census), "sessions")


if __name__ == "__main__":
    main()
