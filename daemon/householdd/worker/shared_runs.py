"""Stored runs for the page, requested by a worker."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict

import grpc
import grpc.aio

from household.internal.v1 import recorder_service_pb2 as pb
from household.internal.v1 import recorder_service_pb2_grpc
from householdd.worker.json_rows import RowUnavailableError

CACHE_TTL_S = 5.0
"""Seconds for which a final answer is reused, and that a run is missing."""

MAX_CACHED = 64
"""Answers kept, of some 20 KiB each."""

MAX_CALLS = 4
"""Concurrent calls to the supervisor."""

MAX_WAITING = 32
"""Requests that may wait for a call; more are refused."""

CALL_TIMEOUT_S = 2.0
"""Timeout of a call, in seconds."""

_ID = re.compile("[0-9a-f]{24}", re.ASCII)


class SharedRuns:
    """Asks the supervisor, a few calls at a time, and caches the answers."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = recorder_service_pb2_grpc.RecorderServiceStub(channel)
        self._answers: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self._turns = asyncio.Semaphore(MAX_CALLS)
        self._waiting = 0

    async def __call__(self, run_id: str) -> bytes | None:
        """Return the run as JSON, or None. Raise RowUnavailableError."""
        if not _ID.fullmatch(run_id):
            return None
        if (known := self._known(run_id)) is not None:
            return known[1]
        if self._waiting >= MAX_WAITING:
            raise RowUnavailableError("too many requests")
        self._waiting += 1
        try:
            async with self._turns:
                # Another request may have fetched it meanwhile.
                known = self._known(run_id)
                return known[1] if known is not None else await self._ask(run_id)
        finally:
            self._waiting -= 1

    def _known(self, run_id: str) -> tuple[float, bytes | None] | None:
        known = self._answers.get(run_id)
        return known if known is not None and time.monotonic() - known[0] < CACHE_TTL_S else None

    async def _ask(self, run_id: str) -> bytes | None:
        try:
            response = await self._stub.GetSharedRun(pb.GetSharedRunRequest(id=run_id), timeout=CALL_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise RowUnavailableError("the history cannot be read") from None
            self._remember(run_id, None)
            return None
        if response.final:
            self._remember(run_id, response.run)
        return response.run

    def _remember(self, run_id: str, run: bytes | None) -> None:
        self._answers[run_id] = time.monotonic(), run
        self._answers.move_to_end(run_id)
        if len(self._answers) > MAX_CACHED:
            self._answers.popitem(last=False)
