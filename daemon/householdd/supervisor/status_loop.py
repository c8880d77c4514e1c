"""What the supervisor tells health checks and systemd while it runs, and what it looks for."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import NoReturn

from household.v1 import server_service_pb2 as pb
from householdd.api.server import ControlServer
from householdd.supervisor.emergency import Emergency
from householdd.supervisor.pool import WorkerPool
from householdd.supervisor.services.server_service import FanOutServerService
from householdd.supervisor.systemd import notify
from householdd.supervisor.watchdog import Watchdog
from householdd.supervisor.worker_calls import WorkerHandle

POLL_INTERVAL_S = 0.25
"""Seconds between two looks at what is to be told, and for the file of an emergency."""

STATUS_INTERVAL_S = 1.0
"""Seconds between two status lines for systemd, at least."""


async def run_status_loop(
    control: ControlServer,
    server: FanOutServerService,
    workers: Sequence[WorkerHandle],
    pool: WorkerPool,
    emergency: Emergency,
) -> NoReturn:
    """Tells and looks until cancelled."""
    told, told_at = "", float("-inf")
    watchdog = Watchdog(os.environ, notify)
    while True:
        emergency.look()
        watchdog.feed(time.monotonic(), {f"poll of worker {name}": at for name, at in pool.polled.items()})
        ready = sum(worker.state == pb.WORKER_STATE_READY for worker in workers)
        now = server.server()
        await control.report(serving=now.state == pb.SERVER_STATE_SERVING and ready > 0)
        word = pb.ServerState.Name(now.state).removeprefix("SERVER_STATE_").lower()
        status = (
            f"STATUS={word}: {now.sessions} sessions, {ready} of {len(workers)} workers ready, "
            f"{now.download_bps / 1e6:.1f} Mbit/s down, {now.upload_bps / 1e6:.1f} Mbit/s up"
        )
        if status != told and time.monotonic() - told_at >= STATUS_INTERVAL_S:
            notify(status)
            told, told_at = status, time.monotonic()
        await asyncio.sleep(POLL_INTERVAL_S)
