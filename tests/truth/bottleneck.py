"""A network whose bottleneck is one of the lines, and what passes it."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import network as lab
from tests.lab.netns import Namespace
from tests.truth.lines import Line

FIRST_PORT = 40000
FLOWS = 64
"""Ports that clients use, so that a fair line has a class for each flow and no two share one."""

DOWN, UP = "to-client", "to-server"
_LOOK_EVERY = 0.01


@contextmanager
def bottleneck(line: Line) -> Iterator[lab.Network]:
    """The network for the length of a block. Raises LabUnavailableError where it cannot be made."""
    queue_kb = line.down_mbps * line.queue_ms / 8
    with lab.network(lab.Line(line.down_mbps, line.up_mbps, queue_kb)) as network:
        for port, mbps in ((DOWN, line.down_mbps), (UP, line.up_mbps)):
            network.router.tc("qdisc", "del", "dev", port, "root")
            shape(network.router, port, mbps, line)
        for end in (network.server, network.client):
            # Packets of the line's size: a bottleneck sees no others, and each has its own headers to count.
            end.ip("link", "set", "dev", "line", "gso_max_segs", "1")
        with network.client.entered():
            Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{FIRST_PORT} {FIRST_PORT + FLOWS - 1}")
        # What clients have. A namespace's default cannot be cubic where the kernel keeps it for root; a route's can.
        network.client.ip("route", "change", "default", "via", lab.ROUTER_TO_CLIENT, "congctl", "cubic")
        yield network


def shape(router: Namespace, port: str, mbps: float, line: Line) -> None:
    """Gives a port the line's queue, at ``mbps``. Raises LabUnavailableError."""
    limit = str(int(mbps * 1e3 / 8 * line.queue_ms))
    # A bucket of 1 ms, and never less than two packets: what it lets through at once is no part of the queue.
    burst = str(max(3100, int(mbps * 1e6 / 8 * 0.001)))
    if not line.fair:
        router.tc("qdisc", "add", "dev", port, "root", "tbf", "rate", f"{mbps}mbit", "burst", burst, "limit", limit)
        return
    rate = ("ceil", f"{mbps}mbit", "burst", burst, "cburst", burst, "quantum", "1514")
    router.tc("qdisc", "add", "dev", port, "root", "handle", "1:", "htb")
    router.tc("class", "add", "dev", port, "parent", "1:", "classid", "1:1", "htb", "rate", f"{mbps}mbit", *rate)
    side = "dport" if port == DOWN else "sport"
    for flow in range(FLOWS):
        own = f"1:{flow + 16:x}"
        share = f"{mbps * 1e3 / FLOWS:.0f}kbit"
        router.tc("class", "add", "dev", port, "parent", "1:1", "classid", own, "htb", "rate", share, *rate)
        router.tc("qdisc", "add", "dev", port, "parent", own, "bfifo", "limit", limit)
        match = ("match", "ip", side, str(FIRST_PORT + flow), "0xffff")
        router.tc(*("filter", "add", "dev", port, "parent", "1:", "protocol", "ip", "u32"), *match, "flowid", own)


@dataclass(frozen=True)
class Passed:
    """What one direction let through."""

    octets: float
    """With Ethernet's headers."""
    packets: float


@dataclass
class Counters:
    """The interfaces behind the queues, read all the time."""

    network: lab.Network
    _at: list[float] = field(default_factory=list)
    _seen: list[dict[str, Passed]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def passed(self, port: str, began: float, ended: float) -> Passed:
        """What passed between two Unix times."""
        first, last = self._upto(port, began), self._upto(port, ended)
        return Passed(last.octets - first.octets, last.packets - first.packets)

    def _upto(self, port: str, at: float) -> Passed:
        index = bisect_right(self._at, at)
        if not 0 < index < len(self._at):
            raise AssertionError(f"nothing was counted at {at}")
        before, after = self._seen[index - 1][port], self._seen[index][port]
        part = (at - self._at[index - 1]) / (self._at[index] - self._at[index - 1])
        return Passed(
            before.octets + part * (after.octets - before.octets),
            before.packets + part * (after.packets - before.packets),
        )

    def watch(self) -> None:
        """Reads until told to stop."""
        with self.network.router.entered():
            descriptor = os.open("/proc/thread-self/net/dev", os.O_RDONLY)
        try:
            while not self._stop.wait(_LOOK_EVERY):
                text = os.pread(descriptor, 65536, 0).decode()
                self._at.append(time.time())
                self._seen.append(_transmitted(text))
        finally:
            os.close(descriptor)

    def stop(self) -> None:
        """Ends watch()."""
        self._stop.set()


def _transmitted(text: str) -> dict[str, Passed]:
    found = {}
    for line in text.splitlines():
        name, colon, numbers = line.partition(":")
        if colon and name.strip() in {DOWN, UP}:
            columns = numbers.split()
            found[name.strip()] = Passed(float(columns[8]), float(columns[9]))
    return found


@contextmanager
def counting(network: lab.Network) -> Iterator[Counters]:
    """Counters for the length of a block."""
    counters = Counters(network)
    thread = threading.Thread(target=counters.watch, name="counters")
    thread.start()
    try:
        yield counters
    finally:
        counters.stop()
        thread.join()
