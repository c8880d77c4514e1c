"""Players as a test handles them: processes in the client's namespace."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.daemon import TIMEOUT_S, Daemon
from tests.lab.netns import Namespace
from tests.lab.order import Event, Order

ROOT = Path(__file__).parent.parent.parent
"""Where ``python -m tests.lab...`` is run."""


class Player:
    """One process with one or more clients."""

    def __init__(self, namespace: Namespace, order: Order, output: Path) -> None:
        """What it prints goes to ``output``."""
        self._output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [*namespace.prefix, sys.executable, "-m", "tests.lab.player"],
                stdin=subprocess.PIPE,
                stdout=file,
                cwd=ROOT,
            )
        self._write(msgspec.json.encode(order) + b"\n")

    def tell(self, line: str) -> None:
        """Says how to end."""
        self._write(line.encode() + b"\n")

    def freeze(self) -> None:
        """Stops the process where it is; its kernel goes on acknowledging."""
        self.process.send_signal(signal.SIGSTOP)

    def events(self) -> list[Event]:
        """What it has printed so far."""
        lines = self._output.read_bytes().splitlines(keepends=True)
        return [msgspec.json.decode(line, type=Event) for line in lines if line.endswith(b"\n")]

    def received(self, user: str, since: float, until: float) -> int:
        """Bytes the user received between two monotonic times, as far as it told."""
        sums = [event.received for event in self.events() if event.user == user and since <= event.at <= until]
        return sums[-1] - sums[0] if sums else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(TIMEOUT_S)
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def _write(self, data: bytes) -> None:
        if self.process.stdin is None:
            raise AssertionError
        self.process.stdin.write(data)
        self.process.stdin.flush()


def player(daemon: Daemon, namespace: Namespace, behaviour: str, users: list[str], rate: int = 0) -> Player:
    """A player of ``daemon``, as a context manager: at the end of its block it is killed if it has not ended."""
    order = Order(daemon.ws_url, str(daemon.directory / "state" / "dev-ca.pem"), behaviour, users, rate)
    number = sum(1 for _ in daemon.directory.glob("player-*"))
    return Player(namespace, order, daemon.directory / f"player-{number}")
