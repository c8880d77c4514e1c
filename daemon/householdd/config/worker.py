"""Settings of a worker: one line of JSON on its standard input."""

from __future__ import annotations

from typing import Literal

import msgspec

from householdd.capacity.overload_controller import OverloadTuning
from householdd.clients.proxy_header import ProxyProtocol
from householdd.http.branding import Brand
from householdd.settings.runtime import RuntimeSettings
from householdd.traffic.profiles import Profile


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are absolute, times in seconds."""

    name: str
    listen_fd: int
    """Inherited by all workers."""
    redirect_fd: int | None
    """Inherited by all workers."""
    https_port: int
    """For the redirect."""
    acme_dir: str
    """Empty without ``acme_dir``."""
    hsts: bool
    """Whether browsers are told to use HTTPS only."""
    legacy_fd: int | None
    """None without ``legacy``."""
    control_socket: str
    """The worker's."""
    daemon_socket: str
    """The supervisor's, with statistics of all workers."""
    recorder_socket: str | None
    """None without a history."""
    permalinks: bool
    """Whether a run is shown to everyone with its id."""
    emergency_file: str
    """The file whose presence stops all traffic."""
    cert: str | None
    """None without TLS."""
    key: str | None
    profiles: dict[str, Profile]
    """Profiles at launch: a replaced worker's, even if the file has changed."""
    allowed_origins: tuple[str, ...]
    session_origins: tuple[str, ...]
    require_origin: bool
    trusted_proxies: tuple[str, ...]
    proxy_protocol: ProxyProtocol
    tokens: dict[str, str | float | None]
    """With absolute paths."""
    ipv6_customer_prefix: int
    frame_ancestors: tuple[str, ...]
    brand: Brand
    handshake_timeout: float
    uplink_mbps: float
    runtime: RuntimeSettings
    counts_fd: int
    """Shared memory; see ``shared.layout``."""
    index: int
    """Place in the shared memory, from 0."""
    workers: int
    overload: OverloadTuning
    log_format: Literal["auto", "console", "json"]

    @property
    def fds(self) -> list[int]:
        fds = self.listen_fd, self.redirect_fd, self.legacy_fd, self.counts_fd
        return [fd for fd in fds if fd is not None]


READY = b"ready\n"
"""First line of a worker: it answers control calls."""

SERVE = b"serve\n"
"""The supervisor's reply: it has sent all changes since the launch."""

SERVING = b"serving\n"
"""Second line: it accepts connections."""
