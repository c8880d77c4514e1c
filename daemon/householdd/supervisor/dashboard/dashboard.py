"""Assembles the dashboard."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import grpc.aio
import structlog

from household.v1 import server_service_pb2
from householdd.config import certificates
from householdd.config.certificate_faults import CertificateError
from householdd.config.dashboard import DashboardSettings
from householdd.config.dashboard_tokens import DashboardTokens
from householdd.supervisor.dashboard.api_client import ApiClient
from householdd.supervisor.dashboard.feed import Feed
from householdd.supervisor.dashboard.listener import DashboardListener
from householdd.supervisor.dashboard.page_session import PageContext
from householdd.supervisor.dashboard.runs import Runs
from householdd.supervisor.dashboard.trend import Trend
from householdd.supervisor.gate.gate import Gate
from householdd.supervisor.hosts import own_names
from householdd.supervisor.runtime_dir import RuntimeDir
from householdd.supervisor.worker_calls import WorkerHandle

log = structlog.get_logger("dashboard")


@dataclass(frozen=True)
class DaemonParts:
    """Parts of the daemon that the dashboard uses."""

    server: Callable[[], server_service_pb2.Server]
    """Returns the latest known state of the daemon."""
    workers: Sequence[WorkerHandle]
    gate: Gate
    paths: RuntimeDir
    tokens: Callable[[], DashboardTokens]
    """Tokens in force."""
    page_url: str
    permalinks: bool
    """Whether the page at ``page_url`` shows stored runs."""


@dataclass(frozen=True)
class DashboardCertificate:
    """TLS context of the dashboard, and the files from which it is renewed."""

    context: ssl.SSLContext
    cert: Path
    key: Path

    def renew(self) -> None:
        """Read the files again; keep the old certificate if they cannot be used."""
        try:
            certificates.renew(self.context, self.cert, self.key)
        except CertificateError as error:
            # The reload has just checked them; workers keep the old certificate in this case too.
            log.error("certificate not renewed", problem=str(error))


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard."""

    url: str
    certificate: DashboardCertificate | None
    """None without TLS."""

    def reload(self) -> None:
        """Read the certificate again."""
        if self.certificate is not None:
            self.certificate.renew()


@contextlib.asynccontextmanager
async def serve_dashboard(
    settings: DashboardSettings, daemon: DaemonParts, tls: tuple[Path | None, Path | None]
) -> AsyncIterator[Dashboard | None]:
    """Serve the dashboard, without TLS on loopback; yield None if it is not configured. Raise DaemonError."""
    if settings.listen is None:
        yield None
        return
    certificate = None if settings.listen.is_loopback else _certificate(*tls)
    # Not through the gate: the feed reads what every viewer may see.
    async with grpc.aio.insecure_channel(f"unix:{daemon.paths.daemon_socket}") as channel:
        feed = Feed(daemon.server, channel, Trend(daemon.workers))
        runs = Runs(channel, feed.is_watched, f"{daemon.page_url}?run=" if daemon.permalinks else None)
        about = {"host": socket.gethostname(), "version": version("householdd"), "url": daemon.page_url}
        connect = partial(ApiClient, daemon.gate, daemon.paths.private)
        context = PageContext(connect, feed, runs, daemon.tokens, about)
        names = own_names() | frozenset(settings.names) | {settings.listen.host.lower()}
        listener = DashboardListener(settings.listen, certificate.context if certificate else None, names, context)
        async with _running(feed.run(), runs.run()), listener.serving() as url:
            yield Dashboard(url, certificate)


def _certificate(cert: Path | None, key: Path | None) -> DashboardCertificate:
    if cert is None or key is None:
        raise AssertionError("the configuration was refused without them")
    return DashboardCertificate(certificates.tls_context(cert, key), cert, key)


@contextlib.asynccontextmanager
async def _running(*loops: Coroutine[None, None, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(loop) for loop in loops]
    for task in tasks:
        task.add_done_callback(_ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        # The pages report that they are stale; the daemon continues.
        log.error("dashboard failed", exc_info=error)
