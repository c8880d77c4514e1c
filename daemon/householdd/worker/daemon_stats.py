"""Public aggregates over the daemon, requested by a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import grpc.aio

from household.v1 import server_service_pb2 as pb
from household.v1 import server_service_pb2_grpc
from householdd.api.convert import reason_word, seconds
from householdd.worker.json_rows import RowUnavailableError

CACHE_TTL_S = 0.5
"""Seconds for which an answer is reused, so that public requests do not multiply control calls."""

CALL_TIMEOUT_S = 2.0
"""Timeout of a call to the daemon, in seconds."""


class DaemonStats:
    """Asks the daemon, one call at a time, at most once in ``CACHE_TTL_S``."""

    def __init__(self, daemon_socket: str) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{daemon_socket}")
        self._stub = server_service_pb2_grpc.ServerServiceStub(self._channel)
        self._lock = asyncio.Lock()
        self._asked_at = -CACHE_TTL_S
        self._latest: Mapping[str, Any] = {}
        self._problem: str | None = None
        """Why the last call failed; None if it succeeded."""

    async def __call__(self) -> Mapping[str, Any]:
        """Return the aggregates. Raise RowUnavailableError."""
        async with self._lock:
            if time.monotonic() - self._asked_at >= CACHE_TTL_S:
                await self._ask()
                self._asked_at = time.monotonic()
        if self._problem is not None:
            raise RowUnavailableError(self._problem)
        return self._latest

    async def _ask(self) -> None:
        try:
            response = await self._stub.GetServer(pb.GetServerRequest(), timeout=CALL_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            self._problem = error.details() or "the daemon did not answer"
        else:
            self._problem = None
            self._latest = _public(response.server)

    async def close(self) -> None:
        await self._channel.close()


def _public(server: pb.Server) -> Mapping[str, Any]:
    totals = server.totals
    return {
        "state": pb.ServerState.Name(server.state).removeprefix("SERVER_STATE_").lower(),
        "version": server.version,
        "uptime_seconds": seconds(server.uptime),
        "workers": len(server.workers),
        "active_sessions": server.sessions,
        "sessions_opened": totals.sessions_opened,
        "sessions_closed": {reason_word(each.reason): each.count for each in totals.sessions_closed},
        "sent_bytes": totals.sent_bytes,
        "received_bytes": totals.received_bytes,
        "download_bps": server.download_bps,
        "upload_bps": server.upload_bps,
    }
