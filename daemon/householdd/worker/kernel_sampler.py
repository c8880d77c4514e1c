"""Samples the kernel's round trip of every session, twenty times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from householdd.clients.addresses import unmapped
from householdd.measure.kernel_witness import SAMPLE_INTERVAL_S
from householdd.worker import tcp_info
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

BATCH_SIZE = 64
"""Sessions in one turn of the event loop, some 0.15 ms."""


class KernelSampler:
    """Fills the witnesses of a manager's live sessions.

    A session behind a proxy has none: its connection ends at the proxy, and so do the kernel's round trips.
    """

    def __init__(self, manager: SessionManager) -> None:
        self._manager = manager
        self._now = manager.clock.now
        self._direct: dict[str, bool] = {}
        """By session id: whether the connection is the client's own."""

    async def run(self) -> None:
        """Sample until cancelled."""
        due = self._now()
        while True:
            for _ in self.turns():
                await asyncio.sleep(0)
            now = self._now()
            # Missed samples are not made up for.
            due = max(due + SAMPLE_INTERVAL_S, now)
            await asyncio.sleep(due - now)

    def turns(self) -> Iterator[None]:
        """Sample each live session once; yield between batches."""
        drivers = list(self._manager.live.values())
        for start in range(0, len(drivers), BATCH_SIZE):
            self._manager.for_each(self._sample, drivers[start : start + BATCH_SIZE])
            yield
        if len(self._direct) > len(self._manager.live):
            self._direct = {each: direct for each, direct in self._direct.items() if each in self._manager.live}

    def _sample(self, driver: SessionDriver) -> None:
        session, connection = driver.session, driver.connection
        if not (session.live and connection.open) or session.profile.is_stream:
            return
        identity = session.identity
        direct = self._direct.get(identity.id)
        if direct is None:
            try:
                peer = connection.socket.getpeername()[0]
            except OSError:
                # The client has gone, and the event loop has not heard of it yet.
                return
            direct = self._direct[identity.id] = unmapped(peer) == identity.peer_host
        if direct:
            round_trip_us, delivered = tcp_info.read_round_trip(connection.socket)
            if session.kernel.add(self._now() - session.opened_at, round_trip_us, delivered):
                self._manager.timing.tcp_round_trip.observe(round_trip_us / 1e6)
