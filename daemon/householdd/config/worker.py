"""The settings of a worker, which it reads at its start as one line of JSON on standard input."""

from __future__ import annotations

from typing import Literal

import msgspec

from householdd.capacity.overload_controller import OverloadTuning
from householdd.clients.proxy_header import ProxyProtocol
from householdd.http.branding import Brand
from householdd.settings.runtime import RuntimeSettings
from householdd.traffic.profiles import Profile


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a worker; paths are absolute, times in seconds."""

    name: str
    listen_fd: int
    """The listening socket, which all workers inherit."""
    redirect_fd: int | None
    """The listening socket of ``redirect_listen``, which all workers inherit."""
    https_port: int
    """Port of the redirect to HTTPS."""
    acme_dir: str
    """Directory of answers to ACME challenges; empty without ``acme_dir``."""
    hsts: bool
    """Whether browsers are told to use HTTPS only."""
    legacy_fd: int | None
    """The listening socket of ``legacy_listen``, which all workers inherit; None without ``legacy``."""
    control_socket: str
    """Socket of the worker's control API."""
    daemon_socket: str
    """Socket of the supervisor's control API, which has the statistics of all workers."""
    recorder_socket: str | None
    """Socket of the supervisor's recorder; None without a history."""
    permalinks: bool
    """Whether a stored run is shown to everyone who has its id."""
    cert: str | None
    """None, with ``key``, without TLS."""
    key: str | None
    profiles: dict[str, Profile]
    """Profiles at launch, by key: a worker that replaces another has the same, even if the file has changed."""
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
    """Shared memory, which all workers inherit; ``shared.layout`` describes it."""
    index: int
    """Place of this worker in the shared memory, from 0."""
    workers: int
    """Number of workers."""
    overload: OverloadTuning
    log_format: Literal["auto", "console", "json"]

    @property
    def fds(self) -> list[int]:
        """Inherited file descriptors."""
        fds = self.listen_fd, self.redirect_fd, self.legacy_fd, self.counts_fd
        return [fd for fd in fds if fd is not None]


READY = b"ready\n"
"""The worker's first line on standard output: it answers control calls."""

SERVE = b"serve\n"
"""The supervisor's reply on the worker's standard input: it has sent all changes since the launch."""

SERVING = b"serving\n"
"""The worker's second line: it accepts connections."""
