"""Counts what a process holds, so that "everything is given back" can be checked from outside."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from household.v1 import server_service_pb2 as pb
from householdd.dataplane.link import Link
from householdd.dataplane.registry import Registry
from householdd.dataplane.runner import Runner

_PAGE = resource.getpagesize()


def take(registry: Registry, connections: int) -> pb.Census:
    """What this worker holds at this moment; ``connections`` are those of the data plane's port."""
    runners = registry.live.values()
    return pb.Census(
        sessions=len(runners),
        connections=connections,
        tasks=len(asyncio.all_tasks()),
        file_descriptors=_descriptors(),
        buffered_bytes=sum(runner.link.buffered for runner in runners),
        timers=sum(runner.scheduled for runner in runners),
        session_objects=len(Runner.objects),
        connection_objects=len(Link.objects),
        watches=len(registry.listeners),
        resident_bytes=_resident(),
    )


def _descriptors() -> int:
    """Open file descriptors; the limit itself where there is none left to look with."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _resident() -> int:
    """Resident memory in bytes; 0 where no file can be opened to look."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0
