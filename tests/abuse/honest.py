"""An honest session in a thread of its own, so that it goes on while a test does harm with blocking sockets."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from tests.daemon import TIMEOUT_S, Daemon, wait_until
from tests.websocket_clients import OldPage, client


class Honest:
    """A call of the deployed page, from its first message until it is let go."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._page: OldPage | None = None
        self._leave = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(),))

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self.received_bytes, "payload for the honest session")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(TIMEOUT_S)
        self._loop.close()

    @property
    def received_bytes(self) -> int:
        """Payload so far."""
        return self._page.received_bytes if self._page else 0

    @property
    def session_id(self) -> str:
        """The daemon's id of the session."""
        if self._page is None:
            raise AssertionError
        return self._page.session_id

    async def _live(self) -> None:
        async with client(self._daemon, "sarah_honest", OldPage, source="127.7.7.7") as self._page:
            await self._leave.wait()
