"""The stream of a watch: bounded, so that a slow watcher costs itself and nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import grpc

from household.v1 import session_pb2
from household.v1 import session_service_pb2 as pb
from householdd.controlplane.convert import timestamp
from householdd.controlplane.failures import Refusal

BACKLOG = 2000
"""Messages that may wait for a slow watcher."""


class WatchStream:
    """Events in, numbered messages out."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[pb.WatchEvent.ValueType, session_pb2.Session | None]] = asyncio.Queue(BACKLOG)
        self._overrun = False
        """Set once, when the backlog was full; the stream ends there."""

    def put(self, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None = None) -> None:
        """Takes an event; never waits."""
        try:
            self._queue.put_nowait((event, session))
        except asyncio.QueueFull:
            self._overrun = True

    async def messages(self) -> AsyncIterator[pb.WatchSessionsResponse]:
        """The messages, without end. Raises Refusal RESOURCE_EXHAUSTED when the watcher fell behind."""
        sequence = 0
        while not self._overrun:
            event, session = await self._queue.get()
            sequence += 1
            yield pb.WatchSessionsResponse(sequence=sequence, event=event, at=timestamp(time.time()), session=session)
        raise Refusal(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"this watch fell {BACKLOG} messages behind; list the sessions again and start a new watch",
        )
