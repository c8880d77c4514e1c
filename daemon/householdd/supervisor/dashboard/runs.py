"""Latest runs, and grades by day, from the history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc.aio
import msgspec

from household.v1 import history_service_pb2 as pb
from household.v1 import history_service_pb2_grpc
from householdd.api.convert import timestamp
from householdd.supervisor.dashboard import serialize
from householdd.supervisor.dashboard.orders import failure

POLL_INTERVAL_S = 10.0
"""Seconds between two polls while a page is open."""

MIN_INTERVAL_S = 0.5
"""Seconds between two checks for an open page."""

MAX_RUNS = 20

GRADE_DAYS = 14
"""Days in UTC, including today."""

REFRESH_INTERVAL_S = 600.0
"""Seconds after which past days are read again, since retention deletes runs."""

READ_TIMEOUT_S = 5.0
"""Timeout of a read, in seconds."""

_SECONDS_PER_DAY = 86400


class Runs:
    """Polls the history while ``watched``. ``link`` is the URL prefix of a run's page; None without permalinks."""

    def __init__(self, channel: grpc.aio.Channel, watched: Callable[[], bool], link: str | None) -> None:
        self._history = history_service_pb2_grpc.HistoryServiceStub(channel)
        self._watched = watched
        self._link = link
        self._past: dict[int, dict[str, int]] = {}
        """Grades of past days, by the day's number since 1970."""
        self._past_from = 0.0
        self.number = 0
        """Number of different messages so far."""
        self.message = msgspec.Raw(b"{}")

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            if not self._watched():
                await asyncio.sleep(MIN_INTERVAL_S)
                continue
            message = msgspec.json.encode({"type": "runs", **await self._look()})
            if message != bytes(self.message):
                self.message = msgspec.Raw(message)
                self.number += 1
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _look(self) -> dict[str, Any]:
        try:
            response = await self._history.ListRuns(pb.ListRunsRequest(page_size=MAX_RUNS), timeout=READ_TIMEOUT_S)
            days = await self._days()
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return {"runs": serialize.runs(response, self._link), "days": days}

    async def _days(self) -> list[dict[str, Any]]:
        now = time.time()
        if now - self._past_from > REFRESH_INTERVAL_S:
            self._past.clear()
            self._past_from = now
        today = int(now // _SECONDS_PER_DAY)
        found = []
        for day in range(today - GRADE_DAYS + 1, today + 1):
            if day not in self._past:
                self._past[day] = await self._grades(day)
            found.append({"at": day * _SECONDS_PER_DAY, "grades": self._past[day]})
        del self._past[today]
        return found

    async def _grades(self, day: int) -> dict[str, int]:
        request = pb.GetHistoryStatsRequest(
            group_by=pb.HISTORY_GROUPING_GRADE,
            since=timestamp(day * _SECONDS_PER_DAY),
            until=timestamp((day + 1) * _SECONDS_PER_DAY),
        )
        response = await self._history.GetHistoryStats(request, timeout=READ_TIMEOUT_S)
        return serialize.grades(response.groups)
