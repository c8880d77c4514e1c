"""The household from a browser: the page in the client's namespace, and what it exported."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from tests.browser.runs import RUN_S, RunResult
from tests.daemon import Daemon
from tests.lab.netns import LabUnavailableError
from tests.truth.lines import Line
from tests.truth.network import Network


def play(network: Network, daemon: Daemon, line: Line, engine: str) -> RunResult:
    """Plays the household over the line. Raises LabUnavailableError where the engine is not installed."""
    url = f"{daemon.url}?seconds={line.load_s:g}&computer={line.computer_mbps:g}&directions=download"
    command = [*network.client.prefix, sys.executable, "-m", "tests.browser.runs", engine, url]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * RUN_S, check=False
    )
    if done.returncode != 0:
        problem = (done.stderr.strip().splitlines() or ["no result"])[-1]
        if problem.startswith("no "):
            raise LabUnavailableError(problem)
        raise AssertionError(problem)
    return msgspec.json.decode(done.stdout, type=RunResult)
