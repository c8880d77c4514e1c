"""A data-plane worker process: ``python -m householdd.worker``, started by the supervisor and by nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import ipaddress
import mmap
import os
import signal
import socket
import sys
import time
from pathlib import Path

import grpc.aio
import msgspec
import structlog
import uvloop

from household.v1.session_service_pb2 import UnreachableWorker
from householdd.admission.run_tokens import RunTokenVerifier
from householdd.api.runtime_config import ConfigService, RuntimeConfig
from householdd.api.server import ControlServer, Services
from householdd.clients import addresses
from householdd.clients.origins import Origins
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.config import certificates
from householdd.config.certificate_faults import CertificateError
from householdd.config.tokens import TokensSettings
from householdd.config.worker import READY, SERVE, SERVING, WorkerSettings
from householdd.http import branding, static_files
from householdd.logs import setup
from householdd.session.close_reason import CloseReason
from householdd.settings.runtime import Catalogue, RuntimeSettings
from householdd.shared.layout import stopped_runs_of, used_tokens_of, views
from householdd.traffic.profiles import Profiles
from householdd.version import VERSION
from householdd.worker import allocator, garbage_collector
from householdd.worker.clock import Clock
from householdd.worker.control_loop import ControlLoop
from householdd.worker.daemon_stats import DaemonStats
from householdd.worker.gateway import Gateway, GatewayOptions
from householdd.worker.json_rows import JsonRows, no_run
from householdd.worker.legacy_listener import LegacyListener
from householdd.worker.memory_gauge import MemoryGauge
from householdd.worker.overload_actions import OverloadActions
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.recorder_client import RecorderClient
from householdd.worker.redirect_listener import RedirectListener
from householdd.worker.server_service import WorkerServerService
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_service import WorkerSessionService
from householdd.worker.shared_runs import SharedRuns

log = structlog.get_logger("worker")

FLUSH_TIMEOUT_S = 0.5
"""Seconds that clients have to take in the end of their session when the worker stops."""

RECORDS_TIMEOUT_S = 1.0
"""Seconds that the supervisor has to take the worker's last ended sessions."""


class Worker:
    """The parts of one worker, put together."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._briefed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tls = (
            certificates.tls_context(Path(settings.cert), Path(settings.key))
            if settings.cert is not None and settings.key is not None
            else None
        )
        clock = Clock(time.monotonic, time.time, asyncio.get_running_loop().call_later)
        memory = memoryview(mmap.mmap(settings.counts_fd, 0))
        counts, ledger = views(memory, settings.workers, settings.index)
        self._token_settings = TokensSettings.model_validate(settings.tokens)
        self._tokens = (
            RunTokenVerifier(
                self._token_settings.key(),
                self._token_settings.audience,
                self._token_settings.max_lifetime,
                used_tokens_of(memory, settings.workers, settings.index),
            )
            if self._token_settings.needed
            else None
        )
        self._manager = SessionManager(settings.runtime.timeouts, clock, counts)
        self._manager.stopped_runs = stopped_runs_of(memory, settings.workers, settings.index)
        self._manager.admission.limits = settings.runtime.limits
        self._control_loop = ControlLoop(
            self._manager, ledger, OverloadActions(self._manager, settings.overload, MemoryGauge())
        )
        self._stats = DaemonStats(settings.daemon_socket)
        # Never connects where nothing is kept.
        self._history = grpc.aio.insecure_channel(f"unix:{settings.recorder_socket}")
        self._profiles = profiles = Profiles(settings.profiles)
        proxies = TrustedProxies(tuple(map(ipaddress.ip_network, settings.trusted_proxies)))
        options = GatewayOptions(
            self._tls,
            settings.allowed_origins,
            settings.handshake_timeout,
            Origins(settings.session_origins, required=settings.require_origin),
            proxies,
            settings.proxy_protocol,
            self._tokens,
            settings.hsts,
            legacy=settings.legacy_fd is not None,
        )
        self._gateway = Gateway(
            self._manager,
            profiles,
            JsonRows(profiles, self._stats, SharedRuns(self._history) if settings.permalinks else no_run),
            branding.apply(static_files.load_page(settings.frame_ancestors), settings.brand),
            options,
        )
        self._redirector = RedirectListener(
            self._manager,
            ProxyHeaderReader(settings.proxy_protocol, proxies),
            settings.handshake_timeout,
            settings.https_port,
            settings.acme_dir,
        )
        self._legacy = LegacyListener(self._manager, options)
        """Serves only where it has a socket."""
        services = Services(
            WorkerSessionService(self._manager, settings.name),
            WorkerServerService(
                self._manager,
                self._control_loop,
                settings.name,
                self._connections,
                self._stop,
            ),
            ConfigService(RuntimeConfig(Catalogue(profiles), settings.runtime, {}, self._apply)),
        )
        self._control = ControlServer(services, Path(settings.control_socket))

    async def run(self) -> None:
        """Serves until the supervisor is gone, asks for the end, or sends SIGTERM."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_files)
        loop.add_reader(sys.stdin.fileno(), self._hear_supervisor)
        await self._control.start()
        recorder = None
        if self._settings.recorder_socket is not None:
            recorder = RecorderClient(self._manager, self._settings.name, self._history)
        os.write(sys.stdout.fileno(), READY)
        # Not before: whoever came meanwhile would be let in by the limits and blocks of the launch.
        await self._briefed.wait()
        await self._gateway.serve(socket.socket(fileno=self._settings.listen_fd))
        if self._settings.redirect_fd is not None:
            self._redirector.serve(socket.socket(fileno=self._settings.redirect_fd))
        if self._settings.legacy_fd is not None:
            self._legacy.serve(socket.socket(fileno=self._settings.legacy_fd))
        control_loop = asyncio.create_task(self._control_loop.run())
        control_loop.add_done_callback(self._control_loop_ended)
        garbage_collector.settle()
        os.write(sys.stdout.fileno(), SERVING)
        await self._control.report(serving=True)
        await self._stopping.wait()
        self._gateway.close()
        self._redirector.close()
        self._legacy.close()
        if self._manager.close(CloseReason.DRAINED):
            await asyncio.sleep(FLUSH_TIMEOUT_S)
        self._manager.abort_all()
        control_loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await control_loop
        if recorder is not None:
            await recorder.stop(RECORDS_TIMEOUT_S)
        await self._history.close()
        await self._control.stop(FLUSH_TIMEOUT_S)
        await self._stats.close()

    def _connections(self) -> int:
        return sum(port.connections for port in (self._gateway, self._redirector, self._legacy))

    async def _apply(self, before: RuntimeSettings, after: RuntimeSettings) -> list[UnreachableWorker]:
        """Put changed runtime settings in force."""
        manager = self._manager
        if after.timeouts != before.timeouts:
            manager.set_timeouts(after.timeouts)
        manager.admission.limits = after.limits
        if changed := self._profiles.set_rates(after.profiles):
            manager.set_profiles(self._profiles, changed)
        setup.set_level(after.log_level)
        return []

    def _control_loop_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # Without its deadlines no session may go on; the supervisor starts another worker.
            self._manager.abort_all()
            log.critical("control loop failed", exc_info=error)
            setup.flush()
            os._exit(1)

    def _reload_files(self) -> None:
        self._reload_certificate()
        if self._tokens is not None:
            try:
                self._tokens.key = self._token_settings.key()
            except ValueError as error:
                log.error("key of tokens not renewed; the old one stays in use", problem=str(error))

    def _reload_certificate(self) -> None:
        cert, key = self._settings.cert, self._settings.key
        if self._tls is None or cert is None or key is None:
            return
        try:
            certificates.renew(self._tls, Path(cert), Path(key))
        except CertificateError as error:
            log.error("certificate not renewed; the old one stays in use", problem=str(error))

    def _stop(self) -> None:
        self._briefed.set()
        self._stopping.set()

    def _hear_supervisor(self) -> None:
        if os.read(sys.stdin.fileno(), len(SERVE)) == SERVE:
            self._briefed.set()
            return
        # It writes nothing else, so this is the end of the pipe: it died.
        self._manager.abort_all()
        os._exit(1)


PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


def _die_with_the_supervisor() -> None:
    """The kernel kills this process when the supervisor ends: for a worker that is too stuck to see it by itself."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _refuse_other_version(arguments: list[str]) -> None:
    """Exit where the supervisor is of another version: a package was unpacked, and the daemon not restarted yet."""
    if arguments and arguments != [VERSION]:
        sys.exit(
            f"householdd: these files are version {VERSION}, the running supervisor is {arguments[0]}; "
            "type: systemctl restart householdd"
        )


def main() -> None:
    """Reads the settings from standard input and runs."""
    faulthandler.enable()
    _refuse_other_version(sys.argv[1:])
    line = bytearray()
    # Unbuffered, so that the event loop sees the end of the pipe and nothing is left behind in a buffer.
    while not line.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            sys.exit("householdd.worker is started by householdd; there is nothing to run by hand")
        line += byte
    _die_with_the_supervisor()
    allocator.settle()
    settings = msgspec.json.decode(line, type=WorkerSettings)
    setup.set_up(settings.runtime.log_level, settings.log_format, worker=settings.name)
    addresses.customer_size.ipv6_prefix = settings.ipv6_customer_prefix
    # Ctrl-C on a terminal is for the supervisor, which tells its workers, and so is the emergency stop of a whole unit.
    for number in (signal.SIGINT, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)

    async def run() -> None:
        await Worker(settings).run()

    uvloop.run(run())


if __name__ == "__main__":
    main()
