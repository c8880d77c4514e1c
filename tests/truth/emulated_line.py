"""A line made by tests.link_emulator, a process between two TUN devices."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.daemon import TIMEOUT_S, wait_until
from tests.lab.netns import LabUnavailableError, namespaces
from tests.link_emulator.device import DEVICE
from tests.link_emulator.packets import LINK_HEADER
from tests.link_emulator.runner import Statistics
from tests.link_emulator.spec import (
    CoDelSpec,
    ConstantRateSpec,
    DeficitRoundRobinSpec,
    DirectionSpec,
    FqCoDelSpec,
    LineSpec,
    LteSpec,
    TailDropSpec,
)
from tests.truth.counters import DOWN, UP, Meter
from tests.truth.lines import Discipline, Line
from tests.truth.network import Network

_RECEIVED = 0

_QUEUES: dict[Discipline, Callable[[int], TailDropSpec | CoDelSpec | FqCoDelSpec | DeficitRoundRobinSpec]] = {
    Discipline.TAIL_DROP: TailDropSpec,
    Discipline.FAIR: DeficitRoundRobinSpec,
    Discipline.CODEL: CoDelSpec,
    Discipline.FQ_CODEL: FqCoDelSpec,
}


@dataclass(frozen=True)
class EmulatedNetwork(Network):
    process: subprocess.Popen[bytes]
    results: Path

    def statistics(self) -> Statistics:
        """What the line has carried up to now."""
        self.results.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        wait_until(self.results.exists, "the line's statistics")
        return msgspec.json.decode(self.results.read_bytes(), type=Statistics)

    def missed_packets(self) -> int:
        return self.statistics().unread


@contextmanager
def emulated_line(line: Line) -> Iterator[EmulatedNetwork]:
    """The network for the length of a block. Raises LabUnavailableError where it cannot be made."""
    with ExitStack() as stack:
        server, client = stack.enter_context(namespaces("server", "client"))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        spec, results, errors = directory / "line.json", directory / "statistics.json", directory / "errors"
        spec.write_bytes(msgspec.json.encode(specification(line)))
        command = (sys.executable, "-m", "tests.link_emulator", server.name, client.name, str(spec))
        process = subprocess.Popen(
            [*command, "--statistics", str(results)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(errors.open("wb")),
            # Ctrl-C ends who uses the line first.
            start_new_session=True,
        )
        stack.callback(_end, process)
        if process.stdout is None:
            raise AssertionError
        stack.enter_context(process.stdout)
        if not process.stdout.readline():
            raise LabUnavailableError(errors.read_text().strip())
        meters = {
            DOWN: Meter(client, DEVICE, _RECEIVED, LINK_HEADER),
            UP: Meter(server, DEVICE, _RECEIVED, LINK_HEADER),
        }
        yield EmulatedNetwork(server, client, meters, process, results)


def specification(line: Line) -> LineSpec:
    """The line as the emulator takes it."""
    return LineSpec(
        down=_direction(line, line.down_mbps, line.down_queue_bytes, seed=1),
        up=_direction(line, line.up_mbps, line.up_queue_bytes, seed=2),
    )


def _direction(line: Line, mbps: float, queue_bytes: int, seed: int) -> DirectionSpec:
    return DirectionSpec(
        rate=LteSpec(mbps * 1e6, seed=seed) if line.lte else ConstantRateSpec(mbps * 1e6),
        queue=_QUEUES[line.discipline](queue_bytes),
        delay=line.round_trip_ms / 2e3,
        jitter=line.jitter,
        loss=line.loss,
        seed=seed,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(TIMEOUT_S)
