"""Snapshots for the pages, once a second, made once for all viewers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
import msgspec

from household.v1 import server_service_pb2, session_service_pb2_grpc
from householdd.supervisor.dashboard import serialize
from householdd.supervisor.dashboard.orders import ViewOrder, failure
from householdd.supervisor.dashboard.trend import Trend

POLL_INTERVAL_S = 1.0
"""Seconds between two snapshots."""

MIN_INTERVAL_S = 0.2
"""Shortest time between two snapshots, in seconds, when a viewer changes its view."""

POLL_TIMEOUT_S = 3.0
"""Timeout for listing the sessions of a view, in seconds."""


@dataclass(frozen=True)
class Snapshot:
    """State at one moment for all viewers; its parts are encoded once."""

    number: int
    server: msgspec.Raw
    point: msgspec.Raw
    pages: dict[ViewOrder, msgspec.Raw] = field(default_factory=dict)

    def message(self, view: ViewOrder) -> dict[str, Any] | None:
        """Return the message for a view; None if the view was requested after this snapshot."""
        if view not in self.pages:
            return None
        return {"type": "live", "server": self.server, "point": self.point, "page": self.pages[view]}


class Feed:
    """Makes snapshots from the daemon's latest state, ``server``, and its services on ``channel``."""

    def __init__(
        self, server: Callable[[], server_service_pb2.Server], channel: grpc.aio.Channel, trend: Trend
    ) -> None:
        self._server = server
        self._sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.trend = trend
        self._wanted = Counter[ViewOrder]()
        """Viewers by view."""
        self._hurry = asyncio.Event()
        self._latest: Snapshot | None = None
        self._made = asyncio.Condition()

    async def run(self) -> None:
        """Run until cancelled. Record a point for the charts each second, with or without viewers."""
        number, point_at = 0, 0.0
        while True:
            self._hurry.clear()
            began = time.monotonic()
            server = self._server()
            if began - point_at >= POLL_INTERVAL_S * 0.9:
                self.trend.take(server, time.time())
                point_at = began
            if self._wanted:
                number += 1
                await self._publish(number, server)
            await asyncio.sleep(MIN_INTERVAL_S)
            left = began + POLL_INTERVAL_S - time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), max(left, 0.0))

    def is_watched(self) -> bool:
        return bool(self._wanted)

    def look_at(self, view: ViewOrder, instead_of: ViewOrder | None = None) -> None:
        """Add a viewer of ``view``, or change its view, and make the next snapshot soon."""
        self._wanted[view] += 1
        if instead_of is not None:
            self.look_away(instead_of)
        self._hurry.set()

    def look_away(self, view: ViewOrder) -> None:
        """Remove a viewer of ``view``."""
        self._wanted[view] -= 1
        if self._wanted[view] <= 0:
            del self._wanted[view]

    async def after(self, number: int) -> Snapshot:
        """Wait for a snapshot with a greater number, and return the latest."""
        async with self._made:
            await self._made.wait_for(lambda: self._latest is not None and self._latest.number > number)
            if self._latest is None:
                raise AssertionError
            return self._latest

    async def _publish(self, number: int, server: server_service_pb2.Server) -> None:
        views = list(self._wanted)
        pages = await asyncio.gather(*(self._page(view) for view in views))
        snapshot = Snapshot(
            number,
            _raw(serialize.server(server, self.trend)),
            _raw(self.trend.points[-1]),
            dict(zip(views, pages, strict=True)),
        )
        async with self._made:
            self._latest = snapshot
            self._made.notify_all()

    async def _page(self, view: ViewOrder) -> msgspec.Raw:
        try:
            response = await self._sessions.ListSessions(view.request(), timeout=POLL_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            return _raw(failure(error))
        return _raw(serialize.page(response))


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
