"""Stream of a watch, bounded so that a slow watcher affects only itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator

import grpc
from google.rpc import error_details_pb2

from household.v1 import session_pb2
from household.v1 import session_service_pb2 as pb
from householdd.api.convert import timestamp
from householdd.api.errors import DOMAIN, Refusal

MAX_WAITING_EVENTS = 2000
"""Messages that wait for a slow watcher."""

STALL_TIMEOUT_S = 10.0
"""Seconds that ``feed`` waits for space."""


class OverrunError(Exception):
    """The watcher fell behind, and the stream has ended."""


class WatchStream:
    """Queues events and yields numbered messages."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[pb.WatchEvent.ValueType, session_pb2.Session | None]] = asyncio.Queue(
            MAX_WAITING_EVENTS
        )
        self._overrun = False
        """Whether the watcher fell behind."""

    def put(self, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None = None) -> None:
        """Queue without waiting. Raise OverrunError."""
        self._check()
        try:
            self._queue.put_nowait((event, session))
        except asyncio.QueueFull:
            self.fall_behind()
            raise OverrunError from None

    def fall_behind(self) -> None:
        """End the stream, and drop the queue.

        A write may be stuck until the watcher reads or disconnects; it holds only itself.
        """
        self._overrun = True
        while not self._queue.empty():
            self._queue.get_nowait()
        # Wake messages().
        self._queue.put_nowait((pb.WATCH_EVENT_UNSPECIFIED, None))

    async def feed(self, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None = None) -> None:
        """Wait for space, for ``STALL_TIMEOUT_S``. Raise OverrunError."""
        self._check()
        try:
            async with asyncio.timeout(STALL_TIMEOUT_S):
                await self._queue.put((event, session))
        except TimeoutError:
            self.fall_behind()
        self._check()

    def _refuse_if_overrun(self) -> None:
        if self._overrun:
            message = (
                f"this watch fell {MAX_WAITING_EVENTS} messages behind; list the sessions again and start a new watch"
            )
            details = error_details_pb2.ErrorInfo(reason="WATCH_OVERRUN", domain=DOMAIN)
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, message, details)

    def _check(self) -> None:
        if self._overrun:
            raise OverrunError

    async def messages(
        self, snapshot: AsyncIterable[session_pb2.Session] | None = None
    ) -> AsyncIterator[pb.WatchSessionsResponse]:
        """Yield the ``snapshot``, then the events, endlessly.

        Raise Refusal RESOURCE_EXHAUSTED if the watcher fell behind.
        """
        sequence = 0
        if snapshot is not None:
            async for session in snapshot:
                self._refuse_if_overrun()
                sequence += 1
                yield _message(sequence, pb.WATCH_EVENT_SNAPSHOT, session)
        while True:
            event, after = await self._queue.get()
            self._refuse_if_overrun()
            sequence += 1
            yield _message(sequence, event, after)


def _message(
    sequence: int, event: pb.WatchEvent.ValueType, session: session_pb2.Session | None
) -> pb.WatchSessionsResponse:
    return pb.WatchSessionsResponse(sequence=sequence, event=event, at=timestamp(time.time()), session=session)
