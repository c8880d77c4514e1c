"""Resources held by a worker, exposed so that leaks can be detected."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from household.v1 import server_service_pb2 as pb
from householdd.worker.connection import Connection
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

_PAGE = resource.getpagesize()


def take(manager: SessionManager, connections: int) -> pb.Census:
    """Return the resources held now; ``connections`` counts those of the data plane's port."""
    drivers = manager.live.values()
    return pb.Census(
        sessions=len(drivers),
        connections=connections,
        tasks=len(asyncio.all_tasks()),
        file_descriptors=_descriptors(),
        buffered_bytes=sum(driver.connection.buffered for driver in drivers),
        timers=sum(driver.scheduled for driver in drivers),
        session_objects=len(SessionDriver.objects),
        connection_objects=len(Connection.objects),
        watches=len(manager.listeners),
        resident_bytes=_resident(),
    )


def _descriptors() -> int:
    """Return the number of open file descriptors; their limit if none is left."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _resident() -> int:
    """Return the resident memory in bytes; 0 if no file can be opened."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0
