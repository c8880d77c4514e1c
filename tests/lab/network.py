"""A server and a client with a router between them, whose line to the client is the bottleneck."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.lab.netns import Namespace, namespaces

SERVER = "10.213.1.1"
CLIENT = "10.213.2.1"

_ROUTER_TO_SERVER = "10.213.1.2"
ROUTER_TO_CLIENT = "10.213.2.2"


@dataclass(frozen=True)
class Line:
    """A customer's line. Queues are in kB, and drop at their tail."""

    down_mbps: float
    up_mbps: float
    queue_kb: float
    """In each direction."""

    @property
    def full_queue(self) -> float:
        """Seconds that a byte waits behind a full queue towards the client."""
        return self.queue_kb * 8e3 / (self.down_mbps * 1e6)


class Network:
    """The three namespaces, and the switch that cuts the path."""

    def __init__(self, server: Namespace, client: Namespace, router: Namespace, forwarding: int) -> None:
        self.server = server
        self.client = client
        self.router = router
        self._forwarding = forwarding

    def cut(self) -> float:
        """Both directions go silent: the router drops what arrives and tells nobody; the monotonic time of it.

        A router that does not forward drops without ICMP, unlike one without a route; and both neighbours still see a
        link and its hardware address, so nothing fails on their side but the answers.
        """
        at = time.monotonic()
        os.pwrite(self._forwarding, b"0", 0)
        return at

    def restore(self) -> float:
        """The path is back; the monotonic time of it."""
        os.pwrite(self._forwarding, b"1", 0)
        return time.monotonic()


@contextmanager
def network(line: Line) -> Iterator[Network]:
    """The three namespaces for the length of a block. Raises LabUnavailableError where they cannot be made."""
    with ExitStack() as stack:
        server, router, client = stack.enter_context(namespaces("server", "router", "client"))
        _join(server, SERVER, router, _ROUTER_TO_SERVER)
        _join(client, CLIENT, router, ROUTER_TO_CLIENT)
        # Explicitly, because a process that is slow to end would keep its end alive beyond the namespace's name.
        stack.callback(router.ip, "link", "del", "to-server")
        stack.callback(router.ip, "link", "del", "to-client")
        _shape(router, "to-client", line.down_mbps, line.queue_kb)
        _shape(router, "to-server", line.up_mbps, line.queue_kb)
        with router.entered():
            forwarding = os.open("/proc/sys/net/ipv4/ip_forward", os.O_RDWR)
        stack.callback(os.close, forwarding)
        made_network = Network(server, client, router, forwarding)
        made_network.restore()
        yield made_network


def _join(end: Namespace, address: str, router: Namespace, gateway: str) -> None:
    port = "to-server" if address == SERVER else "to-client"
    end.ip("link", "add", "line", "type", "veth", "peer", "name", port, "netns", router.name)
    end.ip("address", "add", f"{address}/24", "dev", "line")
    router.ip("address", "add", f"{gateway}/24", "dev", port)
    end.ip("link", "set", "line", "up")
    router.ip("link", "set", port, "up")
    end.ip("route", "add", "default", "via", gateway)


def _shape(router: Namespace, port: str, mbps: float, queue_kb: float) -> None:
    # A bucket of 4 ms, and never less than two packets, keeps the rate at any timer frequency.
    burst = max(3100, int(mbps * 1e6 / 8 * 0.004))
    router.tc(
        *("qdisc", "add", "dev", port, "root", "tbf"),
        *("rate", f"{mbps}mbit", "burst", str(burst), "limit", str(int(queue_kb * 1000))),
    )
