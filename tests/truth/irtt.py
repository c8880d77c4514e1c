"""Round trips by irtt: UDP packets at equal intervals through the same bottleneck."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.daemon import TIMEOUT_S, wait_until
from tests.lab.netns import LabUnavailableError
from tests.lab.network import SERVER
from tests.truth.network import Network

_PORT = 2112
CLIENT_PORT = 40000
"""Of its own, so that a line with a queue for each port of the client has one for irtt."""

_INTERVAL = "20ms"
_LONGEST = "120s"

PACKET = 14 + 20 + 8 + 16
"""Bytes on the link: headers of Ethernet, IPv4 and UDP, and the least that irtt sends."""


@dataclass(frozen=True)
class Series:
    """What was sent within a phase."""

    sent: int
    round_trips_ms: list[float]
    """Of the packets that were answered."""

    @property
    def lost_share(self) -> float:
        """Share of the packets, in either direction."""
        return 1 - len(self.round_trips_ms) / self.sent if self.sent else 0.0


@dataclass
class Irtt:
    """A client that pings until the block ends; its figures are there after it."""

    _trips: list[dict[str, Any]] = field(default_factory=list)

    def between(self, began: float, ended: float) -> Series:
        """The packets sent between two Unix times."""
        sent = [trip for trip in self._trips if began <= trip["timestamps"]["client"]["send"]["wall"] / 1e9 < ended]
        return Series(len(sent), [trip["delay"]["rtt"] / 1e6 for trip in sent if trip["lost"] == "false"])

    def read(self, output: Path) -> None:
        """Takes what the client has written."""
        self._trips.extend(msgspec.json.decode(output.read_bytes())["round_trips"])


def check_available() -> None:
    """Raises LabUnavailableError without irtt."""
    if shutil.which("irtt") is None:
        raise LabUnavailableError("irtt is needed, of Debian's package of that name")


@contextmanager
def pinging(network: Network, directory: Path) -> Iterator[Irtt]:
    """A server and a client for the length of a block."""
    output, result = directory / "irtt.json", Irtt()
    # Without -i 0 it drops what a queue lets go in a bunch, and that is then taken for loss on the line.
    server = _irtt(network.server.prefix, "server", "-i", "0", "-b", f"{SERVER}:{_PORT}")
    try:
        listening = (*network.server.prefix, "ss", "-uHnl", "sport", "=", f":{_PORT}")
        wait_until(lambda: subprocess.run(listening, capture_output=True, check=True).stdout, "irtt's server")
        client = _irtt(
            network.client.prefix,
            *("client", "-Q", f"--local=:{CLIENT_PORT}", "-i", _INTERVAL, "-d", _LONGEST),
            *("--stats=none", "--tstamp=none", "--wait=1s"),
            *("-o", str(output), f"{SERVER}:{_PORT}"),
        )
        try:
            yield result
        finally:
            # Ends it as at the end of its time: with its results.
            client.send_signal(signal.SIGINT)
            client.wait(TIMEOUT_S)
    finally:
        server.kill()
        server.wait(TIMEOUT_S)
    result.read(output)


def _irtt(prefix: tuple[str, ...], *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*prefix, "irtt", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
