"""What a supervisor tells a worker at its start: one line of JSON on the worker's standard input."""

from __future__ import annotations

from typing import Literal

import msgspec

from householdd.capacity.overload_controller import OverloadTuning
from householdd.clients.proxy_header import ProxyProtocol
from householdd.http.branding import Brand
from householdd.settings.runtime import RuntimeSettings
from householdd.traffic.profiles import Profile


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All a worker has to know; paths are absolute, times are seconds."""

    name: str
    listen_fd: int
    """The listening socket, inherited and shared with the other workers."""
    redirect_fd: int | None
    """The socket that sends browsers to HTTPS, inherited and shared likewise; None where there is none."""
    https_port: int
    """The port that they are sent to."""
    acme_dir: str
    """Where answers to ACME's challenges are; empty where none are given."""
    hsts: bool
    """Whether browsers are told to use HTTPS only."""
    legacy_fd: int | None
    """The listening socket of ``legacy_listen``, likewise; None without ``legacy``."""
    control_socket: str
    """Where the worker serves the control API to its supervisor."""
    daemon_socket: str
    """Where the supervisor serves it; asked for aggregates over all workers."""
    recorder_socket: str | None
    """Where the supervisor takes what is to be kept; None keeps nothing."""
    permalinks: bool
    """Whether stored runs are shown to whoever has their id."""
    cert: str | None
    key: str | None
    """None, with ``cert``, serves without TLS."""
    profiles: dict[str, Profile]
    """Those of the launch, by key: one that replaces another later has the same, whatever the file says by then."""
    allowed_origins: tuple[str, ...]
    session_origins: tuple[str, ...]
    require_origin: bool
    trusted_proxies: tuple[str, ...]
    """Networks."""
    proxy_protocol: ProxyProtocol
    tokens: dict[str, str | float | None]
    """``[tokens]`` of the configuration, with absolute paths."""
    ipv6_customer_prefix: int
    frame_ancestors: tuple[str, ...]
    brand: Brand
    handshake_timeout: float
    runtime: RuntimeSettings
    """The runtime settings at launch."""
    counts_fd: int
    """Memory that the workers share, inherited; see ``core.shared``."""
    index: int
    """Place of this worker in it, from 0."""
    workers: int
    overload: OverloadTuning
    log_format: Literal["auto", "console", "json"]

    @property
    def fds(self) -> list[int]:
        """What the worker inherits."""
        fds = self.listen_fd, self.redirect_fd, self.legacy_fd, self.counts_fd
        return [fd for fd in fds if fd is not None]


READY = b"ready\n"
"""What a worker writes on its standard output once it answers control calls."""

SERVE = b"serve\n"
"""What it reads on its standard input then, once it was told what has changed since the launch."""

SERVING = b"serving\n"
"""What it writes once it accepts connections."""
