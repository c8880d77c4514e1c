"""Reads the counters and the speed of the interface that the default route leaves by."""

from __future__ import annotations

from pathlib import Path

from householdd.measure.uplink import UplinkUse
from householdd.traffic.profiles import MEGABIT


class Uplink:
    """The machine's uplink. All that passes it counts, also of other programs.

    Every worker reads for itself: three small files four times a second.
    """

    def __init__(self, told_mbps: float = 0.0, root: Path = Path("/")) -> None:
        """``told_mbps`` is the capacity in each direction; 0 for the speed of the interface."""
        self._told_bps = told_mbps * MEGABIT
        self._root = root
        self._interface: Path | None = None
        """None while there is no default route."""
        self._use = UplinkUse()

    def is_full(self, now: float) -> bool:
        """Return whether the uplink was full since the last call; False if its capacity is unknown."""
        try:
            self._interface = self._interface or self._of_default_route()
            if self._interface is None:
                return False
            capacity_bps = self._told_bps or int((self._interface / "speed").read_text()) * MEGABIT
            statistics = self._interface / "statistics"
            received, sent = (int((statistics / f"{way}_bytes").read_text()) for way in ("rx", "tx"))
        except (OSError, ValueError):
            # The speed of a virtual interface cannot be read, and an interface may go; the route then names another.
            self._interface = None
            return False
        # A virtual interface may also say -1.
        return capacity_bps > 0 and self._use.is_full(now, (received, sent), capacity_bps)

    def _of_default_route(self) -> Path | None:
        tables = self._root / "proc/self/net"
        routes = [line.split() for line in (tables / "route").read_text().splitlines()[1:]]
        names = [name for name, destination, *_ in routes if destination == "00000000"]
        if not names and (tables / "ipv6_route").exists():
            routes = [line.split() for line in (tables / "ipv6_route").read_text().splitlines()]
            names = [name for destination, length, *_, name in routes if (int(destination, 16), length) == (0, "00")]
        # The kernel has a route that refuses, at the loopback interface.
        return next((self._root / "sys/class/net" / name for name in names if name != "lo"), None)
