"""The parts of the dashboard, put together."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import grpc.aio
import structlog

from household.v1 import server_service_pb2
from householdd.api.callers import Caller
from householdd.config import certificates
from householdd.config.certificate_faults import CertificateError
from householdd.config.dashboard import DashboardSettings as Settings
from householdd.config.dashboard_tokens import DashboardTokens
from householdd.supervisor.dashboard.api_client import ApiClient
from householdd.supervisor.dashboard.feed import Feed
from householdd.supervisor.dashboard.listener import DashboardListener
from householdd.supervisor.dashboard.page_session import PageLimits
from householdd.supervisor.dashboard.runs import Runs
from householdd.supervisor.dashboard.trend import Trend
from householdd.supervisor.gate.gate import Gate
from householdd.supervisor.hosts import own_names
from householdd.supervisor.worker_calls import WorkerHandle

log = structlog.get_logger("dashboard")


class Dashboard:
    """Begins and ends everything that the page needs."""

    def __init__(  # noqa: PLR0913 - each a part of the daemon
        self,
        settings: Settings,
        server: Callable[[], server_service_pb2.Server],
        workers: Sequence[WorkerHandle],
        gate: Gate,
        private: Path,
        *,
        page_url: str,
        permalinks: bool,
    ) -> None:
        """``server`` is the daemon as last heard of; ``permalinks`` is whether the page at ``page_url`` shows runs."""
        self._settings = settings
        self._server = server
        self._workers = workers
        self._gate = gate
        self._private = private
        self._page_url = page_url
        self._permalinks = permalinks
        self._tokens = DashboardTokens()
        self._certificate: tuple[ssl.SSLContext, Path, Path] | None = None
        """Set while it is served over TLS."""
        self._channel: grpc.aio.Channel | None = None
        self._listener: DashboardListener | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, tokens: DashboardTokens, tls: tuple[Path | None, Path | None]) -> str:
        """Listens; the page's URL. Loopback is served without TLS. Raises DaemonError."""
        address, (cert, key) = self._settings.listen, tls
        if address is None:
            raise AssertionError
        self._tokens = tokens
        if not address.is_loopback:
            if cert is None or key is None:
                raise AssertionError
            self._certificate = certificates.tls_context(cert, key), cert, key
        # Not by the gate: what this reads, every viewer may see, and it is the same for all of them.
        self._channel = grpc.aio.insecure_channel(f"unix:{self._private / 'daemon.sock'}")
        feed = Feed(self._server, self._channel, Trend(self._workers))
        runs = Runs(self._channel, feed.is_watched, f"{self._page_url}?run=" if self._permalinks else None)
        about = {"host": socket.gethostname(), "version": version("householdd"), "url": self._page_url}
        room = PageLimits(self._desk, feed, runs, lambda: self._tokens, about)
        names = own_names() | frozenset(self._settings.names) | {address.host.lower()}
        context = self._certificate[0] if self._certificate else None
        self._listener = DashboardListener(address, context, names, room)
        listening_at = await self._listener.start()
        self._tasks = [asyncio.create_task(each.run()) for each in (feed, runs)]
        for task in self._tasks:
            task.add_done_callback(_ended)
        return listening_at

    def _desk(self, caller: Caller) -> ApiClient:
        return ApiClient(self._gate, self._private, caller)

    def reload(self, tokens: DashboardTokens) -> None:
        """Puts other tokens in force; pages whose token is no longer there are closed. Reads the certificate anew."""
        self._tokens = tokens
        if self._certificate is not None:
            try:
                certificates.renew(*self._certificate)
            except CertificateError as error:
                # It could be used a moment ago; a worker in the same place keeps the old one as well.
                log.error("certificate not renewed", problem=str(error))

    async def stop(self) -> None:
        """Ends all pages."""
        if self._listener is not None:
            await self._listener.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._channel is not None:
            await self._channel.close()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        # The pages stand still and say so; the daemon's work goes on.
        log.error("the dashboard has stopped", exc_info=error)
