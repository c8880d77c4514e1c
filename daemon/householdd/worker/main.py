"""A data-plane worker: its services, in the order in which they start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial

import structlog

from householdd.config.worker import READY, SERVE, SERVING, WorkerSettings
from householdd.lifecycle import ServiceStack, beside
from householdd.logs import setup
from householdd.session.close_reason import CloseReason
from householdd.worker import tuning
from householdd.worker.kernel_sampler import KernelSampler
from householdd.worker.listener import open_spare_descriptor
from householdd.worker.parts import WorkerParts, assemble
from householdd.worker.recorder_client import RecorderClient

log = structlog.get_logger("worker")

FLUSH_TIMEOUT_S = 0.5
"""Seconds that clients have to receive the end of their session when the worker stops."""

RECORDS_TIMEOUT_S = 1.0
"""Seconds that the supervisor has to take the worker's last ended sessions."""


async def run(settings: WorkerSettings) -> None:
    """Serve until the supervisor is gone, asks for the end, or sends SIGTERM."""
    # Before the briefing, clients would be admitted by the limits and blocks of the launch.
    briefed, stopping = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        briefed.set()
        stopping.set()

    parts = assemble(settings, stop)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGHUP, parts.files.reload)
    loop.add_signal_handler(signal.SIGUSR2, parts.self_stop.signalled)
    loop.add_reader(sys.stdin.fileno(), _hear_supervisor, parts, briefed)
    async with ServiceStack() as services:
        services.on_stop("statistics of the daemon", parts.stats.close, 1)
        await services.start("control API", parts.control.serving(FLUSH_TIMEOUT_S), 1)
        services.on_stop("channel to the recorder", parts.recorder_channel.close, 1)
        if settings.recorder_socket is not None:
            recorder = RecorderClient(parts.manager, settings.name, parts.recorder_channel)
            services.on_stop("recorder", partial(recorder.stop, RECORDS_TIMEOUT_S), 2)
        os.write(sys.stdout.fileno(), READY)
        await briefed.wait()
        control_loop = beside(parts.control_loop.run(), partial(_control_loop_failed, parts))
        await services.start("control loop", control_loop, 1)
        kernel_sampler = beside(KernelSampler(parts.manager).run(), _kernel_sampler_failed)
        await services.start("kernel sampler", kernel_sampler, 1)
        services.on_stop("sessions", partial(_end_sessions, parts), 1)
        await open_spare_descriptor()
        for listener in parts.listeners:
            services.enter_context(listener.accepting())
        tuning.freeze_garbage_collector()
        os.write(sys.stdout.fileno(), SERVING)
        await parts.control.report(serving=True)
        await stopping.wait()


def _control_loop_failed(parts: WorkerParts, error: BaseException) -> None:
    # No session may go on without its deadlines; the supervisor starts another worker.
    parts.manager.abort_all()
    log.critical("control loop failed", exc_info=error)
    setup.flush()
    os._exit(1)


def _kernel_sampler_failed(error: BaseException) -> None:
    log.error("kernel sampler failed", exc_info=error)


async def _end_sessions(parts: WorkerParts) -> None:
    if parts.manager.close(CloseReason.DRAINED):
        await asyncio.sleep(FLUSH_TIMEOUT_S)
    parts.manager.abort_all()


def _hear_supervisor(parts: WorkerParts, briefed: asyncio.Event) -> None:
    if os.read(sys.stdin.fileno(), len(SERVE)) == SERVE:
        briefed.set()
        return
    # The supervisor writes nothing else, so this is the end of the pipe: it has died.
    parts.manager.abort_all()
    os._exit(1)
