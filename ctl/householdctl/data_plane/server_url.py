"""URLs of a server."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_URL = "wss://127.0.0.1:8443/ws/virtual-household/"
OPEN_TIMEOUT_S = 10.0
_WEBSOCKET_PATH = "/ws/virtual-household/"
_STATS_PATH = "/virtual-household/stats"
_SCHEMES = {"wss": "wss", "https": "wss", "ws": "ws", "http": "ws"}


@dataclass(frozen=True)
class Server:
    """``context`` is None without TLS."""

    websocket_url: str
    stats_url: str
    context: ssl.SSLContext | None
    token: str = field(default="", repr=False)
    proxy: str | None = field(default=None, repr=False)
    """HTTP proxy with its password."""
    open_timeout_s: float = OPEN_TIMEOUT_S
    """Seconds for opening one connection."""

    @property
    def is_local(self) -> bool:
        return is_loopback(urlsplit(self.websocket_url).hostname or "")


def server_at(url: str, *, insecure: bool = False, ca_file: Path | None = None) -> Server:
    """Return the server of a URL.

    Certificates are not verified with ``insecure``, nor of a loopback address without ``ca_file``: development daemons
    sign their own. Raise ValueError for an unusable URL, OSError for an unreadable CA file (ssl.SSLError too).
    """
    parts = _split(url)
    scheme = _SCHEMES[parts.scheme]
    path = parts.path.rstrip("/") + "/" if parts.path.strip("/") else _WEBSOCKET_PATH
    context = None
    if scheme == "wss":
        context = ssl.create_default_context(cafile=ca_file)
        if insecure or (ca_file is None and is_loopback(parts.hostname or "")):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    return Server(
        websocket_url=urlunsplit((scheme, parts.netloc, path, "", "")),
        stats_url=urlunsplit(("https" if context else "http", parts.netloc, _STATS_PATH, "", "")),
        context=context,
    )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(url: str) -> SplitResult:
    """Raise ValueError for a URL that cannot be connected to."""
    try:
        parts = urlsplit(url)
        # Empty and overlong labels would fail in the resolver, with a poor error.
        if parts.scheme in _SCHEMES and parts.port != 0 and (parts.hostname or "").encode("idna"):
            return parts
    except ValueError:
        pass
    raise ValueError(f"{url!r} is not a URL of a household server; write https://HOST:PORT/")
