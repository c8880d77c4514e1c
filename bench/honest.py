"""Honest households of old pages beside an attack, and processes that get an order."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from tests.daemon import Daemon
from tests.worker.load import Order, Report

PEOPLE = {
    "alex": ("", 1.5),
    "sarah": ("", 2.5),
    "jake": ("&throughput=5", 1.0),
    "computer": ("&throughput=1", 1.0),
}
"""Requested rate as query, and the resulting mean download in Mbit/s."""


class PlayError(Exception):
    """A household was refused or interrupted; the text says how."""


def play(daemon: Daemon, households: int, spread_s: float) -> list[float]:
    """Run all households once, opened over ``spread_s``; return the relative error of each session's download rate.

    Raise PlayError if one is refused or interrupted.
    """
    users = [f"{who}?test_id=home{number}{wish}" for number in range(households) for who, (wish, _) in PEOPLE.items()]
    sources = [f"127.2.{number}.1" for number in range(households) for _ in PEOPLE]
    order = Order(daemon.ws_url, str(daemon.directory / "state" / "dev-ca.pem"), users, spread_s, sources)
    command = [sys.executable, "-m", "tests.worker.load"]
    done = subprocess.run(command, input=msgspec.json.encode(order), capture_output=True, check=False)
    if done.returncode:
        raise PlayError(done.stderr.decode().strip().rpartition("\n")[2])
    report = msgspec.json.decode(done.stdout, type=Report)
    print(f"  the players were late by up to {report.worst_lag * 1e3:.0f} ms", file=sys.stderr)
    wanted = [PEOPLE[rates.user.partition("?")[0]][1] * 1e6 for rates in report.sessions]
    return [abs(rates.download / each - 1) for rates, each in zip(report.sessions, wanted, strict=True)]


def started(module: str, order: msgspec.Struct) -> subprocess.Popen[bytes]:
    """Return a process of ``module``, which has the order on its standard input and reports on its output."""
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(msgspec.json.encode(order))
    process.stdin.close()
    return process
