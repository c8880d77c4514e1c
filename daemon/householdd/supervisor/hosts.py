"""Which names lead to this machine: a browser can be made to send requests here by any site that it shows."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit


def own_names() -> frozenset[str]:
    """What this machine is called."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]})


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Whether a ``Host`` header names us: an address, localhost, or one of ``names``; whatever the port.

    A site whose name was made to lead here (DNS rebinding) still has that name in the header. An address has no name
    that could be made to lead elsewhere.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
