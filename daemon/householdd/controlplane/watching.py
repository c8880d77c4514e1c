"""The stream of a watch: bounded, so that a slow watcher costs itself and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable

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

    def fall_behind(self) -> None:
        """Ends the stream as one whose watcher was too slow."""
        self._overrun = True
        # Wakes messages() where it waits; a full queue does so by itself.
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait((pb.WATCH_EVENT_UNSPECIFIED, None))

    async def feed(self, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None = None) -> None:
        """Takes an event from a source that can wait."""
        await self._queue.put((event, session))

    async def messages(self, snapshot: Iterable[session_pb2.Session] = ()) -> AsyncIterator[pb.WatchSessionsResponse]:
        """The ``snapshot``, however long it is, then the events, without end.

        Raises Refusal RESOURCE_EXHAUSTED when the watcher fell behind.
        """
        sequence = 0
        for session in snapshot:
            sequence += 1
            yield _message(sequence, pb.WATCH_EVENT_SNAPSHOT, session)
        while True:
            event, after = await self._queue.get()
            if self._overrun:
                message = f"this watch fell {BACKLOG} messages behind; list the sessions again and start a new watch"
                raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            sequence += 1
            yield _message(sequence, event, after)


def _message(
    sequence: int, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None
) -> pb.WatchSessionsResponse:
    return pb.WatchSessionsResponse(sequence=sequence, event=event, at=timestamp(time.time()), session=session)
