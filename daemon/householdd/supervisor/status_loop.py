"""The supervisor's own loops: health checks, systemd, the file of the emergency stop, and the heartbeat."""

from __future__ import annotations

import asyncio
import os
import time
from typing import NoReturn

from household.v1 import server_service_pb2 as pb
from householdd.shared.heartbeats import Heartbeat
from householdd.supervisor.parts import SupervisorParts
from householdd.supervisor.systemd import Watchdog, notify

POLL_INTERVAL_S = 0.25
"""Seconds between two passes."""

HEARTBEAT_INTERVAL_S = 1.0
"""Seconds between two heartbeats."""

STATUS_INTERVAL_S = 1.0
"""Minimum seconds between two status lines for systemd."""


async def run_heartbeat(heartbeat: Heartbeat) -> NoReturn:
    """Show the workers that the supervisor runs, until cancelled."""
    while True:
        heartbeat.beat()
        await asyncio.sleep(HEARTBEAT_INTERVAL_S)


async def run_status_loop(parts: SupervisorParts) -> NoReturn:
    """Report to health checks and systemd, and look for the emergency file, until cancelled."""
    control, server, workers = parts.control, parts.server, parts.workers
    told, told_at = "", float("-inf")
    watchdog = Watchdog(os.environ, notify)
    while True:
        parts.emergency.look()
        polled = {f"poll of worker {name}": at for name, at in parts.pool.polled.items()}
        watchdog.feed(time.monotonic(), polled)
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
