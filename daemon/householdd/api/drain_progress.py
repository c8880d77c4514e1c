"""Progress of a drain as a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from google.protobuf.timestamp_pb2 import Timestamp

from household.v1 import server_service_pb2 as pb
from householdd.api.convert import duration
from householdd.api.errors import precondition

POLL_INTERVAL_S = 0.25
"""Seconds between polls."""

HEARTBEAT_INTERVAL_S = 1.0
"""Seconds between messages, which show the time left."""


async def drain_progress(look: Callable[[], Awaitable[pb.Server]]) -> AsyncIterator[pb.WatchDrainResponse]:
    """Yield the state at once, after each change and each second, until the drain is over.

    Raise Refusal FAILED_PRECONDITION without a drain.
    """
    server = await look()
    if not server.HasField("drain_deadline_at"):
        raise precondition("NOT_DRAINING", "the server is not draining")
    shown, shown_at = pb.WatchDrainResponse(), -HEARTBEAT_INTERVAL_S
    while True:
        message, now = _message(server), time.monotonic()
        if now - shown_at >= HEARTBEAT_INTERVAL_S or not _same(message, shown):
            shown, shown_at = message, now
            yield message
        if not server.sessions or not server.HasField("drain_deadline_at"):
            return
        await asyncio.sleep(POLL_INTERVAL_S)
        server = await look()


def _message(server: pb.Server) -> pb.WatchDrainResponse:
    message = pb.WatchDrainResponse(state=server.state, sessions=server.sessions, reason=server.drain_reason)
    if server.HasField("drain_deadline_at"):
        now = Timestamp()
        now.GetCurrentTime()
        left = (server.drain_deadline_at.ToMicroseconds() - now.ToMicroseconds()) / 1e6
        message.deadline_at.CopyFrom(server.drain_deadline_at)
        message.left.CopyFrom(duration(max(left, 0.0)))
    return message


def _same(one: pb.WatchDrainResponse, other: pb.WatchDrainResponse) -> bool:
    def key(message: pb.WatchDrainResponse) -> tuple[object, ...]:
        return message.state, message.sessions, message.reason, message.deadline_at.ToMicroseconds()

    return key(one) == key(other)
