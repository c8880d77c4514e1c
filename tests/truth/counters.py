"""What the network's interfaces behind the bottleneck let through."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.lab.interface_counters import columns_of
from tests.lab.netns import Namespace

DOWN, UP = "to-client", "to-server"
_LOOK_EVERY = 0.01


@dataclass(frozen=True)
class Meter:
    """The counters of an interface that all packets of one direction pass, and no others."""

    namespace: Namespace
    interface: str
    column: int
    """Of the bytes in /proc/net/dev, 0 for received ones and 8 for transmitted ones; the packets are next to it."""
    uncounted: int = 0
    """Bytes of Ethernet's header, if the interface does not count it."""

    def read(self, text: str) -> Passed:
        """What has passed since the interface was made, by /proc/net/dev."""
        columns = columns_of(text, self.interface)
        octets, packets = float(columns[self.column]), float(columns[self.column + 1])
        return Passed(octets + packets * self.uncounted, packets)


@dataclass(frozen=True)
class Passed:
    """What one direction let through."""

    octets: float
    """With Ethernet's headers."""
    packets: float


@dataclass
class Counters:
    """The meters of both directions, read all the time."""

    meters: Mapping[str, Meter]
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
        with ExitStack() as stack:
            descriptors = {}
            for port, meter in self.meters.items():
                with meter.namespace.entered():
                    descriptors[port] = os.open("/proc/thread-self/net/dev", os.O_RDONLY)
                stack.callback(os.close, descriptors[port])
            while not self._stop.wait(_LOOK_EVERY):
                texts = {port: os.pread(descriptor, 65536, 0).decode() for port, descriptor in descriptors.items()}
                self._at.append(time.time())
                self._seen.append({port: self.meters[port].read(text) for port, text in texts.items()})

    def stop(self) -> None:
        """Ends watch()."""
        self._stop.set()


@contextmanager
def counting(meters: Mapping[str, Meter]) -> Iterator[Counters]:
    """Counters for the length of a block."""
    counters = Counters(meters)
    thread = threading.Thread(target=counters.watch, name="counters")
    thread.start()
    try:
        yield counters
    finally:
        counters.stop()
        thread.join()
