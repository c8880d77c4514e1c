"""The daemon's main process: the control API, the listening socket, systemd, and the workers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import structlog

from household.v1 import server_service_pb2
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.admission.blocks import Blocks
from householdd.api.access import AccessControl
from householdd.api.audit import Audit
from householdd.api.block_list import BlockList
from householdd.api.call_limits import CallLimits
from householdd.api.callers import Connections
from householdd.api.errors import Refusal
from householdd.api.repeats import Repeats
from householdd.api.roles import Rules
from householdd.api.runtime_config import ConfigService, RuntimeConfig
from householdd.api.server import ControlServer, Services
from householdd.clients import addresses
from householdd.clients.addresses import Address
from householdd.config.access import AccessError, AccessSettings
from householdd.config.dashboard_tokens import DashboardTokens
from householdd.config.loading import ConfigError
from householdd.config.settings import Settings
from householdd.config.worker import WorkerSettings
from householdd.http.branding import Brand
from householdd.logs import setup
from householdd.settings.runtime import Catalogue, RuntimeSettings
from householdd.supervisor import activation, config_push, directories, sockets, startup_checks
from householdd.supervisor.dashboard.dashboard import Dashboard
from householdd.supervisor.emergency import Emergency, EmergencyFile, InEmergencyError
from householdd.supervisor.errors import DaemonError, step
from householdd.supervisor.expiry import log_validity
from householdd.supervisor.gate.gate import Gate
from householdd.supervisor.gate.tls_listener import TlsListener
from householdd.supervisor.metrics.exposition import Exposition
from householdd.supervisor.metrics.listener import MetricsListener
from householdd.supervisor.metrics.rpcs import RpcCounts
from householdd.supervisor.pool import Hooks, WorkerPool
from householdd.supervisor.services.history_service import HistoryService
from householdd.supervisor.services.recorder_service import RecorderServer
from householdd.supervisor.services.server_service import DaemonState, FanOutServerService, resume
from householdd.supervisor.services.session_service import FanOutSessionService, brief_blocks
from householdd.supervisor.shared_memory import shared_memory
from householdd.supervisor.shutdown import Shutdown
from householdd.supervisor.status_loop import run_status_loop
from householdd.supervisor.systemd import notify
from householdd.supervisor.worker_calls import WorkerHandle
from householdd.supervisor.worker_process import WorkerFailedError
from householdd.traffic.profiles import Profiles

log = structlog.get_logger("supervisor")

RELOADABLE = {"access", "timeouts", "limits", "log_level", "dashboard"}
"""Settings that SIGHUP puts in force; the files of the certificate are read anew as well."""


class Supervisor:
    """The parts of the daemon, put together. ``read_settings`` reads the configuration anew."""

    def __init__(self, settings: Settings, read_settings: Callable[[], Settings]) -> None:
        addresses.customer_size.ipv6_prefix = settings.ipv6_customer_prefix
        self._settings = settings
        self._read_settings = read_settings
        self._private = settings.runtime_dir.absolute() / "private"
        self._handles = [
            WorkerHandle(str(index), self._private / f"worker-{index}.sock") for index in range(settings.worker_count)
        ]
        self._profiles = startup_checks.profiles(settings)
        self._history = startup_checks.history(settings, self._profiles) if settings.history.enabled else None
        self._state = DaemonState(listen_urls=[], history=self._history)
        self._connections = Connections()
        self._limits = CallLimits()
        self._rules = Rules()
        """Who may do what; a reload replaces it."""
        self._door: TlsListener | None = None
        """Set while the control API is served over TCP."""
        self._tokens = DashboardTokens()
        """Who may log in to the dashboard; a reload replaces it."""
        self._dashboard: Dashboard | None = None
        """Set while it is served."""
        self._config = self._runtime_config()
        self._book = BlockList(Blocks())
        self._legacy: socket.socket | None = None
        """Set while pages of the earlier system are served."""
        self._reloading: asyncio.Task[None] | None = None
        self._ending = Shutdown(self._private / "emergency")
        self._control_path = settings.runtime_dir.absolute() / "control.sock"

    async def run(self, serving: Callable[[str], None]) -> None:
        """Serves until told to end; ``serving`` is called with the page's URL when all is up. Raises DaemonError."""
        async with contextlib.AsyncExitStack() as stack:
            adopted = self._adopted_sockets()
            stack.callback(adopted.close)
            stack.enter_context(self._directories())
            self._ending.begin()
            emergency_file = self._no_emergency()
            sockets.allow_many_connections()
            tls, brand = self._certificate(), startup_checks.brand(self._settings)
            self._tokens = startup_checks.tokens(self._settings)
            clients = self._client_sockets(adopted, stack)
            self._state.listen_urls.append(
                sockets.url(self._settings, clients.listen, adopted=clients.listen is adopted.listen)
            )
            self._legacy = self._legacy_socket(stack)
            counts = stack.enter_context(shared_memory(len(self._handles)))
            pool = WorkerPool(
                {each.name: self._worker_settings(each, clients, counts.fd, tls, brand) for each in self._handles},
                self._handles,
                Hooks(
                    ready=self._brief,
                    ended=lambda handle: counts.clear(self._handles.index(handle)),
                    restarting=lambda: not self._state.stopping,
                    failed=self._ending.fail,
                ),
            )
            gate = Gate(self._private / "daemon.sock", self._connections, lambda: self._rules, self._limits)
            stack.push_async_callback(gate.stop)
            server = FanOutServerService(self._handles, self._state, self._config, pool.kill, self._ending.in_emergency)
            audit = Audit()
            emergency = Emergency(emergency_file, audit, server.shut_down)
            stack.push_async_callback(emergency.done)
            rpcs = RpcCounts()
            metrics_url = await self._serve_metrics(stack, rpcs)
            control = ControlServer(
                Services(
                    FanOutSessionService(self._handles, self._book),
                    server,
                    ConfigService(self._config),
                    HistoryService(self._history),
                ),
                self._private / "daemon.sock",
                AccessControl(self._connections, lambda: self._rules, self._limits, audit),
                self._limits,
                [Repeats()],
                outermost=[rpcs],
            )
            with step(f"runtime_dir {self._private / 'daemon.sock'}"):
                await control.start()
            stack.push_async_callback(control.stop, 0.5)
            await self._keep_history(stack)
            self._handle_signals(pool, emergency)
            stack.push_async_callback(pool.stop)
            if not await self._start(pool):
                return
            await gate.start(sock=stack.enter_context(self._control_socket(adopted.control)))
            stack.callback(gate.close)
            await self._serve_tcp(gate, stack)
            dashboard_url = await self._serve_dashboard(stack, gate, server, tls)
            self._state.serving = True
            housekeeping = asyncio.create_task(run_status_loop(control, server, self._handles, pool, emergency))
            housekeeping.add_done_callback(self._housekeeping_ended)
            stack.callback(housekeeping.cancel)
            await control.report(serving=True)
            notify("READY=1")
            log_validity(self._state.certificates, time.time())
            log.info(
                "serving",
                url=self._page_url,
                workers=len(self._handles),
                metrics=metrics_url,
                dashboard=dashboard_url,
            )
            for warning in self._settings.warnings:
                log.warning("open to every site", problem=warning)
            serving(self._page_url)
            await self._ending.wanted.wait()
            await self._ending.wind_down(server, self._state, self._handles, self._config.current.timeouts)
        log.info("stopped")
        if self._ending.failed:
            raise DaemonError("a defect ended the daemon; the log says where")

    def _directories(self) -> IO[str]:
        """Claim the runtime directory, for as long as the result is open. Raise DaemonError."""
        directories.check(self._settings.state_dir, "state_dir")
        return sockets.claim(self._settings.runtime_dir)

    @contextlib.contextmanager
    def _control_socket(self, adopted: socket.socket | None) -> Iterator[socket.socket]:
        """The public control socket, and the rules about who may use it. Raises DaemonError.

        One of systemd's has its group from the unit, and its mode unless that is configured.
        """
        path, access = self._control_path, self._settings.access
        try:
            gid = access.socket_gid()
            if adopted is not None:
                self._control_path = Path(adopted.getsockname())
                if "socket_mode" in access.model_fields_set:
                    sockets.set_mode(self._control_path, int(access.socket_mode, 8))
                self._rules = self._read_rules(access, self._tokens)
                yield adopted
                return
            with sockets.control_socket(path, int(access.socket_mode, 8), gid) as sock:
                try:
                    self._rules = self._read_rules(access, self._tokens)
                    yield sock
                finally:
                    path.unlink(missing_ok=True)
        except AccessError as error:
            raise DaemonError(str(error)) from None

    async def _serve_tcp(self, gate: Gate, stack: contextlib.AsyncExitStack) -> None:
        """Serves the control API over TCP as well, where that is configured. Raises DaemonError."""
        tcp = self._settings.access.tcp
        if tcp.listen is None:
            return
        context = startup_checks.mutual_tls(self._settings)
        sock = stack.enter_context(sockets.bind(tcp.listen, "access.tcp.listen"))
        self._door = TlsListener(gate, context, self._limits)
        self._door.start(sock)
        stack.push_async_callback(self._door.stop)
        log.info("control API over TCP", address=str(Address(tcp.listen.host, sock.getsockname()[1])))

    def _read_rules(self, access: AccessSettings, tokens: DashboardTokens) -> Rules:
        return access.rules(os.geteuid(), self._control_path.stat().st_gid).with_names(tokens.roles)

    def _adopted_sockets(self) -> activation.Sockets:
        try:
            adopted = activation.adopt(os.environ)
        except activation.ActivationError as error:
            raise DaemonError(f"socket unit: {error}") from None
        if adopted.control is not None and (group := self._settings.access.socket_group) is not None:
            sockets.refuse_group(group)
        return adopted

    def _listening_socket(self, adopted: activation.Sockets) -> socket.socket:
        settings = self._settings
        if adopted.listen is None:
            return sockets.listen(settings.listen, settings.congestion_control)
        sock = sockets.prepare(adopted.listen, settings.congestion_control)
        log.info("listening on the socket of systemd; the setting listen is not used")
        return sock

    def _client_sockets(
        self, adopted: activation.Sockets, stack: contextlib.AsyncExitStack
    ) -> startup_checks.ClientSockets:
        listen = stack.enter_context(self._listening_socket(adopted))
        address, redirect = self._settings.redirect_listen, adopted.redirect
        if redirect is None and address is not None:
            redirect = stack.enter_context(sockets.bind(address, "redirect_listen"))
        if redirect is not None:
            if self._settings.no_tls:
                raise DaemonError("socket unit: the socket redirect sends browsers to HTTPS, and no_tls serves none")
            log.info("redirecting to HTTPS", address=str(Address(*redirect.getsockname()[:2])))
        return startup_checks.ClientSockets(listen, redirect)

    def _legacy_socket(self, stack: contextlib.AsyncExitStack) -> socket.socket | None:
        """Listen where pages of the earlier system expect it, where that is configured. Raises DaemonError."""
        address = self._settings.legacy_address
        if address is None:
            return None
        sock = stack.enter_context(sockets.bind(address, "legacy_listen"))
        log.info("listening for pages of the earlier system", address=str(Address(address.host, sock.getsockname()[1])))
        return sock

    async def _start(self, pool: WorkerPool) -> bool:
        """Starts the workers; False when the daemon was told to end meanwhile. Raises DaemonError."""
        starting, ending = asyncio.create_task(pool.start()), asyncio.create_task(self._ending.wanted.wait())
        await asyncio.wait((starting, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            self._state.stopping = True
            return False
        try:
            starting.result()
        except WorkerFailedError as error:
            if self._state.stopping:
                # An emergency has ended it.
                return False
            raise DaemonError(str(error)) from None
        return True

    async def _serve_metrics(self, stack: contextlib.AsyncExitStack, rpcs: RpcCounts) -> str | None:
        """Where they are; None where they are not wanted. Raises DaemonError."""
        if self._settings.metrics_listen is None:
            return None
        exposition = Exposition(self._handles, self._state, rpcs)
        listener = MetricsListener(self._settings.metrics_listen, exposition.render)
        url = await listener.start()
        stack.push_async_callback(listener.stop)
        return url

    async def _serve_dashboard(
        self,
        stack: contextlib.AsyncExitStack,
        gate: Gate,
        server: FanOutServerService,
        tls: tuple[Path | None, Path | None],
    ) -> str | None:
        """Where it is; None where it is not wanted. Raises DaemonError."""
        settings = self._settings.dashboard
        if settings.listen is None:
            return None
        kept = self._settings.history
        self._dashboard = Dashboard(
            settings,
            server.server,
            self._handles,
            gate,
            self._private,
            page_url=self._page_url,
            permalinks=kept.enabled and kept.permalinks,
        )
        url = await self._dashboard.start(self._tokens, tls)
        stack.push_async_callback(self._dashboard.stop)
        return url

    async def _keep_history(self, stack: contextlib.AsyncExitStack) -> None:
        if self._history is None:
            return
        self._history.start()
        stack.push_async_callback(self._history.stop)
        recorder = RecorderServer(self._history, self._recorder_socket)
        with step(f"runtime_dir {self._recorder_socket}"):
            await recorder.start()
        stack.push_async_callback(recorder.stop)

    @property
    def _page_url(self) -> str:
        """Where customers find the page."""
        return self._settings.public_url or self._state.listen_urls[0]

    @property
    def _recorder_socket(self) -> Path:
        """Where workers tell what is to be kept; not forwarded to from the control socket."""
        return self._private / "recorder.sock"

    def _no_emergency(self) -> EmergencyFile:
        """The file that is there in an emergency, and is not there now. Raises DaemonError."""
        file = EmergencyFile(self._settings.emergency_path)
        try:
            file.refuse()
        except InEmergencyError:
            # systemd may have started the daemon for a client of its sockets.
            self._ending.mark()
            raise
        return file

    def _handle_signals(self, pool: WorkerPool, emergency: Emergency) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.signalled)
        loop.add_signal_handler(signal.SIGHUP, self._start_reload, pool)
        loop.add_signal_handler(signal.SIGUSR2, emergency.signalled)

    def _housekeeping_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._ending.fail()
            log.critical("housekeeping failed; the daemon stops", exc_info=error)

    def _start_reload(self, pool: WorkerPool) -> None:
        before = self._reloading

        async def reload() -> None:
            # One at a time; each signal reads anew what may have changed since the one before.
            if before is not None:
                await asyncio.gather(before, return_exceptions=True)
            await self._reload(pool)

        self._reloading = asyncio.create_task(reload())

    async def _reload(self, pool: WorkerPool) -> None:
        """Reads configuration and certificate anew; what is refused leaves the old in force."""
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            fresh = self._read_settings()
            profiles = startup_checks.profiles(fresh)
            # The files of the launch, which are those that the workers read anew.
            in_use = startup_checks.certificates_in_use(self._settings, startup_checks.certificate(self._settings)[0])
            startup_checks.check_validity(in_use)
            tokens = startup_checks.tokens(fresh)
            rules = self._read_rules(fresh.access, tokens)
            mutual_tls = startup_checks.mutual_tls(self._settings) if self._door else None
            profiles_differ = fresh.profiles != self._settings.profiles or self._profiles.differ_beyond_rates(profiles)
            # Workers have those of the launch until a restart, and then their rates stay as well.
            await self._relaunch(fresh, self._profiles if profiles_differ else profiles)
        except (AccessError, ConfigError, DaemonError, Refusal) as error:
            log.error("not reloaded; the old configuration stays in force", problem=str(error))
        else:
            names = type(fresh).model_fields
            differing = [name for name in names if getattr(fresh, name) != getattr(self._settings, name)]
            if fresh.access.launch_only != self._settings.access.launch_only:
                differing.append("access.tcp, access.socket_group or access.socket_mode")
            self._rules, self._tokens = rules, tokens
            if self._door is not None and mutual_tls is not None:
                self._door.context = mutual_tls
            if self._dashboard is not None:
                self._dashboard.reload(tokens)
            if fresh.dashboard.launch_only != self._settings.dashboard.launch_only:
                differing.append("dashboard.listen or dashboard.names")
            if profiles_differ and "profiles" not in differing:
                differing.append("profiles")
            pool.signal(signal.SIGHUP)
            self._state.certificates = in_use
            log_validity(in_use, time.time())
            log.info("reloaded", needs_restart=[name for name in differing if name not in RELOADABLE] or None)
        notify("READY=1")

    async def _brief(self, worker: WorkerHandle) -> None:
        """Tells a worker that came up what was changed since the launch."""
        await config_push.tell(worker, self._config.current, timeout=5.0)
        await brief_blocks(worker, self._book, timeout=5.0)
        if self._state.drain is not None:
            await worker.server.DrainServer(self._state.drain.request(), timeout=5.0)
        else:
            await resume(worker, server_service_pb2.ResumeServerRequest(), timeout=5.0)

    def _runtime_config(self) -> RuntimeConfig:
        """What can be changed while the daemon runs."""
        settings, catalogue = self._settings, Catalogue(self._profiles)
        return RuntimeConfig(
            catalogue, settings.runtime_settings(catalogue), settings.runtime_sources(catalogue), self._apply
        )

    async def _relaunch(self, fresh: Settings, profiles: Profiles) -> None:
        """Puts in force what was read anew, at all workers or none. Raises Refusal."""
        catalogue = Catalogue(profiles)
        await self._config.relaunch(catalogue, fresh.runtime_settings(catalogue), fresh.runtime_sources(catalogue))
        self._profiles = profiles

    async def _apply(self, before: RuntimeSettings, after: RuntimeSettings) -> list[UnreachableWorker]:
        missing = await config_push.push(self._handles, before, after)
        setup.set_level(after.log_level)
        return missing

    def _certificate(self) -> startup_checks.Pair:
        cert, key = startup_checks.certificate(self._settings)
        self._state.certificates = startup_checks.certificates_in_use(self._settings, cert)
        return cert, key

    def _worker_settings(
        self,
        worker: WorkerHandle,
        clients: startup_checks.ClientSockets,
        counts_fd: int,
        tls: startup_checks.Pair,
        brand: Brand,
    ) -> WorkerSettings:
        settings, (cert, key) = self._settings, tls
        return WorkerSettings(
            name=worker.name,
            listen_fd=clients.listen.fileno(),
            legacy_fd=None if self._legacy is None else self._legacy.fileno(),
            redirect_fd=None if clients.redirect is None else clients.redirect.fileno(),
            https_port=clients.listen.getsockname()[1],
            acme_dir=startup_checks.acme_dir(settings),
            hsts=startup_checks.tells_of_https(settings),
            control_socket=str(worker.socket_path),
            daemon_socket=str(self._private / "daemon.sock"),
            recorder_socket=str(self._recorder_socket) if self._history is not None else None,
            permalinks=self._history is not None and settings.history.permalinks,
            cert=str(cert) if cert else None,
            key=str(key) if key else None,
            profiles=self._profiles.by_key,
            allowed_origins=tuple(settings.allowed_origins),
            session_origins=tuple(settings.session_origins),
            require_origin=settings.require_origin,
            trusted_proxies=tuple(map(str, settings.trusted_proxies)),
            proxy_protocol=settings.proxy_protocol,
            tokens=settings.tokens.absolute(),
            ipv6_customer_prefix=settings.ipv6_customer_prefix,
            frame_ancestors=tuple(settings.frame_ancestors),
            brand=brand,
            handshake_timeout=settings.handshake_timeout,
            runtime=self._config.state.launch,
            counts_fd=counts_fd,
            index=self._handles.index(worker),
            workers=len(self._handles),
            overload=settings.overload.tuning,
            log_format=settings.log_format,
        )
