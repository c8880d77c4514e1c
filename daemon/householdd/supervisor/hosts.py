"""Host names of this machine. Any site can make a browser send requests here, under a name of the site's own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit


def own_names() -> frozenset[str]:
    """Return the machine's name, with and without its domain."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]})


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Return whether a ``Host`` header has an address, localhost, or one of ``names``, with any port.

    A site whose name was made to lead here (DNS rebinding) still has that name in the header. An address cannot be
    rebound.
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
