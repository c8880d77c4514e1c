"""A line made by the kernel's token buckets in a router: a rate and a queue in each direction, without a delay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import network as lab
from tests.lab.netns import Namespace
from tests.truth import irtt
from tests.truth.counters import DOWN, UP, Meter
from tests.truth.lines import Line
from tests.truth.network import Network

FLOWS = 64
"""Ports that clients use, so that a fair line has a class for each flow and no two share one.

The first is irtt's: UDP and TCP have ports of their own, so the kernel may give the same number to both.
"""

_TRANSMITTED = 8


@contextmanager
def kernel_line(line: Line) -> Iterator[Network]:
    """The network for the length of a block. Raises LabUnavailableError where it cannot be made."""
    with lab.network(lab.Line(line.down_mbps, line.up_mbps, line.down_queue_bytes / 1e3)) as network:
        for port, mbps, limit in (
            (DOWN, line.down_mbps, line.down_queue_bytes),
            (UP, line.up_mbps, line.up_queue_bytes),
        ):
            network.router.tc("qdisc", "del", "dev", port, "root")
            shape(network.router, port, mbps, limit, fair=line.fair)
        for end in (network.server, network.client):
            # Packets of the line's size: a bottleneck sees no others, and each has its own headers to count.
            end.ip("link", "set", "dev", "line", "gso_max_segs", "1")
        with network.client.entered():
            Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(
                f"{irtt.CLIENT_PORT + 1} {irtt.CLIENT_PORT + FLOWS - 1}"
            )
        # What clients have. A namespace's default cannot be cubic where the kernel keeps it for root; a route's can.
        network.client.ip("route", "change", "default", "via", lab.ROUTER_TO_CLIENT, "congctl", "cubic")
        meters = {port: Meter(network.router, port, _TRANSMITTED) for port in (DOWN, UP)}
        yield Network(network.server, network.client, meters)


def shape(router: Namespace, port: str, mbps: float, queue_bytes: int, *, fair: bool) -> None:
    """Gives a port a rate and a queue. Raises LabUnavailableError."""
    limit = str(queue_bytes)
    # A bucket of 1 ms, and never less than two packets: what it lets through at once is no part of the queue.
    burst = str(max(3100, int(mbps * 1e6 / 8 * 0.001)))
    if not fair:
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
        match = ("match", "ip", side, str(irtt.CLIENT_PORT + flow), "0xffff")
        router.tc(*("filter", "add", "dev", port, "parent", "1:", "protocol", "ip", "u32"), *match, "flowid", own)
