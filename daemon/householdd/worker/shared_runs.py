"""Stored runs for the page, as a worker learns them."""

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
"""Seconds that an answer serves all who ask, also that there is none: sessions of a run end a little after it."""

CACHED = 64
"""Answers that are kept; each has some 20 KiB."""

AT_ONCE = 4
"""Questions to the supervisor under way; who cannot wait for one of them is refused."""

WAITING = 32
"""Requests that may wait for their turn."""

DEADLINE = 2.0
"""Seconds that the supervisor has to answer."""

_ID = re.compile("[0-9a-f]{24}", re.ASCII)


class SharedRuns:
    """Asks the supervisor, a few questions at a time, and keeps the answers for a moment."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = recorder_service_pb2_grpc.RecorderServiceStub(channel)
        self._answers: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def __call__(self, run_id: str) -> bytes | None:
        """The run as JSON; None where there is none. Raises RowUnavailableError."""
        if not _ID.fullmatch(run_id):
            return None
        if (known := self._known(run_id)) is not None:
            return known[1]
        if self._waiting >= WAITING:
            raise RowUnavailableError("too many requests")
        self._waiting += 1
        try:
            async with self._turns:
                # Whoever waited may find that another one has asked meanwhile.
                known = self._known(run_id) or await self._ask(run_id)
        finally:
            self._waiting -= 1
        return known[1]

    def _known(self, run_id: str) -> tuple[float, bytes | None] | None:
        known = self._answers.get(run_id)
        return known if known is not None and time.monotonic() - known[0] < CACHE_TTL_S else None

    async def _ask(self, run_id: str) -> tuple[float, bytes | None]:
        run: bytes | None
        try:
            response = await self._stub.GetSharedRun(pb.GetSharedRunRequest(id=run_id), timeout=DEADLINE)
            run = response.run
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise RowUnavailableError("the history cannot be read") from None
            run = None
        self._answers[run_id] = answer = time.monotonic(), run
        self._answers.move_to_end(run_id)
        if len(self._answers) > CACHED:
            self._answers.popitem(last=False)
        return answer
