"""The parts of a worker, put together; nothing runs yet."""

from __future__ import annotations

import asyncio
import ipaddress
import mmap
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import structlog

from household.v1.session_service_pb2 import UnreachableWorker
from householdd.admission.run_tokens import RunTokenVerifier
from householdd.api.runtime_config import ConfigService, RuntimeConfig
from householdd.api.server import ControlServer, Services
from householdd.clients.origins import Origins
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.config import certificates
from householdd.config.certificate_faults import CertificateError
from householdd.config.emergency_file import EmergencyFile
from householdd.config.tokens import TokensSettings
from householdd.config.worker import WorkerSettings
from householdd.http import branding, static_files
from householdd.logs import setup
from householdd.settings.runtime import Catalogue, RuntimeSettings
from householdd.shared.layout import (
    heartbeat_of_supervisor,
    heartbeat_of_worker,
    stopped_runs_of,
    used_tokens_of,
    views,
    work_of,
)
from householdd.shared.used_tokens import UsedTokens
from householdd.traffic.profiles import Profiles
from householdd.worker.clock import clock_of
from householdd.worker.control_loop import ControlLoop
from householdd.worker.daemon_stats import DaemonStats
from householdd.worker.gateway import Gateway
from householdd.worker.json_rows import JsonRows, no_run
from householdd.worker.legacy_listener import LegacyListener
from householdd.worker.listener import Listener, ListenerOptions
from householdd.worker.memory_gauge import MemoryGauge
from householdd.worker.overload_actions import OverloadActions
from householdd.worker.redirect_listener import RedirectListener
from householdd.worker.self_stop import EmergencyStop, SelfStop
from householdd.worker.server_service import WorkerServerService
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_service import WorkerSessionService
from householdd.worker.shared_runs import SharedRuns
from householdd.worker.uplink import Uplink

log = structlog.get_logger("worker")


class ReloadableFiles:
    """The certificate and the key of run tokens, which SIGHUP reads again."""

    def __init__(self, settings: WorkerSettings, used_tokens: UsedTokens) -> None:
        self._settings = settings
        self.tls: ssl.SSLContext | None = None
        """None without TLS."""
        if settings.cert is not None and settings.key is not None:
            self.tls = certificates.tls_context(Path(settings.cert), Path(settings.key))
        self._token_settings = TokensSettings.model_validate(settings.tokens)
        self.tokens: RunTokenVerifier | None = None
        """None where no token is required."""
        if self._token_settings.needed:
            required = self._token_settings
            self.tokens = RunTokenVerifier(required.key(), required.audience, required.max_lifetime, used_tokens)

    def reload(self) -> None:
        """Read the files again. A file that cannot be used leaves the old one in use."""
        cert, key = self._settings.cert, self._settings.key
        if self.tls is not None and cert is not None and key is not None:
            try:
                certificates.renew(self.tls, Path(cert), Path(key))
            except CertificateError as error:
                log.error("certificate not renewed; the old one stays in use", problem=str(error))
        if self.tokens is not None:
            try:
                self.tokens.key = self._token_settings.key()
            except ValueError as error:
                log.error("key of tokens not renewed; the old one stays in use", problem=str(error))


@dataclass(frozen=True)
class WorkerParts:
    """What the worker's services are made of."""

    manager: SessionManager
    control_loop: ControlLoop
    listeners: list[Listener]
    control: ControlServer
    stats: DaemonStats
    recorder_channel: grpc.aio.Channel
    """To the supervisor's recorder; never connects where nothing is kept."""
    files: ReloadableFiles
    self_stop: SelfStop


def assemble(settings: WorkerSettings, stop: Callable[[], None]) -> WorkerParts:
    """Make the parts; ``stop`` is called when the supervisor wants the worker to end."""
    memory = memoryview(mmap.mmap(settings.counts_fd, 0))
    counts, demand = views(memory, settings.workers, settings.index)
    clock = clock_of(asyncio.get_running_loop())
    shared_work = work_of(memory, settings.workers, settings.index)
    manager = SessionManager(settings.runtime.timeouts, clock, counts, shared_work)
    manager.stopped_runs = stopped_runs_of(memory, settings.workers, settings.index)
    manager.admission.limits = settings.runtime.limits
    emergency_stop = EmergencyStop(manager, stop)
    supervisor = heartbeat_of_supervisor(memory, settings.workers)
    self_stop = SelfStop(manager, emergency_stop, EmergencyFile(Path(settings.emergency_file)), supervisor)
    heartbeat = heartbeat_of_worker(memory, settings.workers, settings.index)
    overloading = OverloadActions(manager, settings.overload, MemoryGauge())
    each_pass = [heartbeat.beat, self_stop.look]
    control_loop = ControlLoop(manager, demand, overloading, each_pass, Uplink(settings.uplink_mbps))
    profiles = Profiles(settings.profiles)
    files = ReloadableFiles(settings, used_tokens_of(memory, settings.workers, settings.index))
    stats = DaemonStats(settings.daemon_socket)
    recorder_channel = grpc.aio.insecure_channel(f"unix:{settings.recorder_socket}")
    rows = JsonRows(profiles, stats, SharedRuns(recorder_channel) if settings.permalinks else no_run)
    listeners = _listeners(settings, manager, profiles, rows, files)
    services = Services(
        WorkerSessionService(manager, settings.name),
        WorkerServerService(
            manager, control_loop, settings.name, lambda: sum(each.connections for each in listeners), emergency_stop
        ),
        ConfigService(_runtime_config(settings, manager, profiles)),
    )
    control = ControlServer(services, Path(settings.control_socket))
    return WorkerParts(manager, control_loop, listeners, control, stats, recorder_channel, files, self_stop)


def _listeners(
    settings: WorkerSettings, manager: SessionManager, profiles: Profiles, rows: JsonRows, files: ReloadableFiles
) -> list[Listener]:
    options = ListenerOptions(
        tls=files.tls,
        allowed_origins=settings.allowed_origins,
        handshake_timeout=settings.handshake_timeout,
        session_origins=Origins(settings.session_origins, required=settings.require_origin),
        trusted_proxies=TrustedProxies(tuple(map(ipaddress.ip_network, settings.trusted_proxies))),
        proxy_protocol=settings.proxy_protocol,
        tokens=files.tokens,
        hsts=settings.hsts,
        legacy=settings.legacy_fd is not None,
    )
    page = branding.apply(static_files.load_page(settings.frame_ancestors), settings.brand)
    sock = socket.socket(fileno=settings.listen_fd)
    listeners: list[Listener] = [Gateway(sock, manager, profiles, rows, page, options)]
    if settings.redirect_fd is not None:
        sock = socket.socket(fileno=settings.redirect_fd)
        listeners.append(RedirectListener(sock, manager, options, settings.https_port, settings.acme_dir))
    if settings.legacy_fd is not None:
        listeners.append(LegacyListener(socket.socket(fileno=settings.legacy_fd), manager, options))
    return listeners


def _runtime_config(settings: WorkerSettings, manager: SessionManager, profiles: Profiles) -> RuntimeConfig:
    async def apply(before: RuntimeSettings, after: RuntimeSettings) -> list[UnreachableWorker]:
        if after.timeouts != before.timeouts:
            manager.set_timeouts(after.timeouts)
        manager.admission.limits = after.limits
        if changed := profiles.set_rates(after.profiles):
            manager.set_profiles(profiles, changed)
        setup.set_level(after.log_level)
        return []

    return RuntimeConfig(Catalogue(profiles), settings.runtime, {}, apply)
