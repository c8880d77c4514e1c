"""A home network behind a customer's router, whose line leads to the provider's, with a bottleneck on either side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tests.lab.netns import Namespace, namespaces
from tests.truth.kernel_line import shape
from tests.truth.lines import Line

Side: TypeAlias = Literal["home", "line"]

SERVER = "10.213.3.1"
HOME = "10.213.1.0/24"
GATEWAY = "10.213.1.1"
"""The customer's router, at home."""
_CLIENT = "10.213.1.2"
_ROUTER_ON_THE_LINE, _PROVIDER_ON_THE_LINE = "10.213.2.2", "10.213.2.1"
_PROVIDER_TO_SERVER = "10.213.3.2"


@dataclass(frozen=True)
class HomeNetwork:
    """The ends of a path through two routers."""

    client: Namespace
    router: Namespace
    server: Namespace


@contextmanager
def home_network(line: Line, side: Side) -> Iterator[HomeNetwork]:
    """The network for the length of a block, with the line's rate and queue on one side of the customer's router.

    Raises LabUnavailableError where it cannot be made. The other side has no queue. No sender has the queue in its own
    namespace: TCP would hold its packets back there.
    """
    with ExitStack() as stack:
        client, router, provider, server = stack.enter_context(namespaces("client", "router", "provider", "server"))
        _join(stack, (client, "wlan", _CLIENT), (router, "home", GATEWAY))
        _join(stack, (router, "line", _ROUTER_ON_THE_LINE), (provider, "customer", _PROVIDER_ON_THE_LINE))
        _join(stack, (provider, "uplink", _PROVIDER_TO_SERVER), (server, "line", SERVER))
        # What clients have; see the network with one router.
        client.ip("route", "add", "default", "via", GATEWAY, "congctl", "cubic")
        router.ip("route", "add", "default", "via", _PROVIDER_ON_THE_LINE)
        provider.ip("route", "add", HOME, "via", _ROUTER_ON_THE_LINE)
        server.ip("route", "add", "default", "via", _PROVIDER_TO_SERVER)
        for each in (router, provider):
            _set(each, "ip_forward", "1")
        _set(client, "ping_group_range", "0 0")
        if side == "home":
            shape(router, "home", line.down_mbps, line.down_queue_bytes, fair=line.fair)
        else:
            shape(provider, "customer", line.down_mbps, line.down_queue_bytes, fair=line.fair)
            shape(router, "line", line.up_mbps, line.up_queue_bytes, fair=line.fair)
        yield HomeNetwork(client, router, server)


def _join(stack: ExitStack, here: tuple[Namespace, str, str], there: tuple[Namespace, str, str]) -> None:
    """Each has a namespace, a device and an address."""
    (near, device, _), (far, peer, _) = here, there
    near.ip("link", "add", device, "type", "veth", "peer", "name", peer, "netns", far.name)
    # Explicitly, because a process that is slow to end would keep its end alive beyond the namespace's name.
    stack.callback(near.ip, "link", "del", device)
    for namespace, port, address in (here, there):
        namespace.ip("address", "add", f"{address}/24", "dev", port)
        namespace.ip("link", "set", port, "gso_max_segs", "1", "up")


def _set(namespace: Namespace, name: str, value: str) -> None:
    with namespace.entered():
        Path("/proc/sys/net/ipv4", name).write_text(value)
