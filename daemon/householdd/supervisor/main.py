"""The daemon's main process: its services, in the order in which they start."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

import structlog

from householdd.config.settings import Settings
from householdd.lifecycle import ServiceStack, beside
from householdd.supervisor import startup_checks
from householdd.supervisor.dashboard.dashboard import DaemonParts, Dashboard, serve_dashboard
from householdd.supervisor.emergency import Emergency
from householdd.supervisor.errors import DaemonError, step
from householdd.supervisor.gate.control_socket import control_socket
from householdd.supervisor.gate.tls_listener import TlsListener
from householdd.supervisor.metrics.exposition import Exposition
from householdd.supervisor.metrics.listener import MetricsListener
from householdd.supervisor.parts import SupervisorParts, assemble
from householdd.supervisor.pool import WorkerPool
from householdd.supervisor.reload import Reload
from householdd.supervisor.runtime_dir import RuntimeDir
from householdd.supervisor.services.recorder_service import recorder_server
from householdd.supervisor.services.server_service import DaemonState
from householdd.supervisor.shared_memory import shared_memory
from householdd.supervisor.shutdown import Shutdown
from householdd.supervisor.startup import started
from householdd.supervisor.status_loop import run_heartbeat, run_status_loop
from householdd.supervisor.systemd import notify
from householdd.supervisor.worker_process import WorkerFailedError

log = structlog.get_logger("supervisor")

CONTROL_GRACE_S = 0.5
"""Seconds that calls under way have to end when the daemon stops."""


async def run(settings: Settings, read_settings: Callable[[], Settings], announce: Callable[[str], None]) -> None:
    """Serve until told to end. Raise DaemonError.

    ``read_settings`` reads the configuration again. ``announce`` is called with the page's URL when all is up.
    """
    paths, reload_wanted = RuntimeDir(settings.runtime_dir), asyncio.Event()
    shutdown = Shutdown(paths.emergency_mark)
    async with ServiceStack() as services:
        startup = services.enter_context(started(settings, paths, shutdown))
        memory = services.enter_context(shared_memory(settings.worker_count))
        parts = assemble(startup, memory, shutdown)
        services.on_stop("control connections", parts.gate.stop, 1)
        services.on_stop("emergency stop", parts.emergency.done, 2)
        metrics_url = await services.start("metrics", _metrics(parts), 6)
        with step(f"runtime_dir {paths.daemon_socket}"):
            await services.start("control API", parts.control.serving(CONTROL_GRACE_S), 2)
        if startup.history is not None:
            await services.start("history", startup.history.writing(), 6)
            await services.start("recorder", recorder_server(startup.history, paths.recorder_socket), 1)
        _handle_signals(shutdown, reload_wanted, parts.emergency)
        loop_failed = partial(_loop_failed, shutdown)
        await services.start("heartbeat", beside(run_heartbeat(memory.heartbeat), loop_failed), 1)
        services.on_stop("workers", parts.pool.stop, 6)
        if not await _start_workers(parts.pool, shutdown, parts.state):
            return
        await services.start("control socket", _control_socket(parts), 1)
        tls_listener = await services.start("control API over TCP", _tls_listener(parts), 1)
        dashboard = await services.start("dashboard", _dashboard(parts), 3)
        parts.state.serving = True
        reload = Reload(parts, read_settings, reload_wanted, tls_listener, dashboard)
        await services.start("reload", beside(reload.run(), loop_failed), 1)
        await services.start("status", beside(run_status_loop(parts), loop_failed), 1)
        await parts.control.report(serving=True)

        notify("READY=1")
        startup_checks.log_validity(startup.certificates, time.time())
        log.info(
            "serving",
            url=startup.page_url,
            workers=len(parts.workers),
            metrics=metrics_url,
            dashboard=dashboard.url if dashboard else None,
        )
        for warning in settings.warnings:
            log.warning("open to every site", problem=warning)
        announce(startup.page_url)
        await shutdown.wanted.wait()
        await shutdown.wind_down(parts.server, parts.state, parts.workers, parts.config.current.timeouts)
    log.info("stopped")
    if shutdown.failed or services.failed:
        raise DaemonError("a defect ended the daemon; the log says where")


def _metrics(parts: SupervisorParts) -> contextlib.AbstractAsyncContextManager[str | None]:
    address = parts.startup.settings.metrics_listen
    if address is None:
        return contextlib.nullcontext()
    return MetricsListener(address, Exposition(parts.workers, parts.state, parts.rpcs).render).serving()


@contextlib.asynccontextmanager
async def _control_socket(parts: SupervisorParts) -> AsyncIterator[None]:
    startup, access = parts.startup, parts.startup.settings.access
    with control_socket(access, startup.control_path, startup.adopted.control) as sock:
        parts.access.begin(access)
        async with parts.gate.accepting(sock):
            yield


@contextlib.asynccontextmanager
async def _tls_listener(parts: SupervisorParts) -> AsyncIterator[TlsListener | None]:
    settings = parts.startup.settings
    if settings.access.tcp.listen is None:
        yield None
        return
    listener = TlsListener(parts.gate, startup_checks.mutual_tls(settings), parts.limits)
    async with listener.serving(settings.access.tcp.listen):
        yield listener


def _dashboard(parts: SupervisorParts) -> contextlib.AbstractAsyncContextManager[Dashboard | None]:
    startup = parts.startup
    daemon = DaemonParts(
        parts.server.server,
        parts.workers,
        parts.gate,
        startup.paths,
        lambda: parts.access.tokens,
        startup.page_url,
        startup.permalinks,
    )
    return serve_dashboard(startup.settings.dashboard, daemon, startup.tls)


def _loop_failed(shutdown: Shutdown, error: BaseException) -> None:
    shutdown.fail()
    log.critical("a loop failed; the daemon stops", exc_info=error)


def _handle_signals(shutdown: Shutdown, reload_wanted: asyncio.Event, emergency: Emergency) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shutdown.signalled)
    # Set before there is anything to reload, so that the signal never ends the daemon.
    loop.add_signal_handler(signal.SIGHUP, reload_wanted.set)
    loop.add_signal_handler(signal.SIGUSR2, emergency.signalled)


async def _start_workers(pool: WorkerPool, shutdown: Shutdown, state: DaemonState) -> bool:
    """Start the workers; return False when the daemon is told to end meanwhile. Raise DaemonError."""
    starting, ending = asyncio.create_task(pool.start()), asyncio.create_task(shutdown.wanted.wait())
    await asyncio.wait((starting, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        state.stopping = True
        return False
    try:
        starting.result()
    except WorkerFailedError as error:
        if state.stopping:
            # An emergency stop has ended it.
            return False
        raise DaemonError(str(error)) from None
    return True
