"""Counts what a process holds, so that "everything is given back" can be checked from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

from household.v1 import server_service_pb2 as pb
from householdd.dataplane.registry import Registry


def take(registry: Registry, connections: int) -> pb.Census:
    """What this worker holds at this moment; ``connections`` are those of the data plane's port."""
    return pb.Census(
        sessions=len(registry.live),
        connections=connections,
        tasks=len(asyncio.all_tasks()),
        file_descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        buffered_bytes=sum(runner.link.buffered for runner in registry.live.values()),
    )
