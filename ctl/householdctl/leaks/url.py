"""The URLs of a server that speaks the household WebSocket protocol, and the TLS that they need."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_URL = "wss://127.0.0.1:8443/ws/virtual-household/"
_WEBSOCKET_PATH = "/ws/virtual-household/"
_STATS_PATH = "/virtual-household/stats"
_SCHEMES = {"wss": "wss", "https": "wss", "ws": "ws", "http": "ws"}


@dataclass(frozen=True)
class Server:
    """Where a server is. ``context`` is None for one without TLS."""

    websocket_url: str
    stats_url: str
    context: ssl.SSLContext | None
    token: str = field(default="", repr=False)
    """What the server lets in its operator's customers by; empty is none."""


def server_at(url: str, *, insecure: bool = False, ca_file: Path | None = None) -> Server:
    """The server of a URL; one without a path gets the protocol's own.

    The certificate is not checked with ``insecure``, nor for a loopback address without a ``ca_file``: nobody stands
    between a machine and itself, and a daemon started for development signs its own.
    Raises ValueError for another scheme or no host, OSError for a CA file that cannot be read (ssl.SSLError too).
    """
    parts = urlsplit(url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of a household server; write {DEFAULT_URL}")
    path = parts.path.rstrip("/") + "/" if parts.path.strip("/") else _WEBSOCKET_PATH
    context = None
    if scheme == "wss":
        context = ssl.create_default_context(cafile=ca_file)
        if insecure or (ca_file is None and _is_loopback(parts.hostname)):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    return Server(
        websocket_url=urlunsplit((scheme, parts.netloc, path, "", "")),
        stats_url=urlunsplit(("https" if context else "http", parts.netloc, _STATS_PATH, "", "")),
        context=context,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
