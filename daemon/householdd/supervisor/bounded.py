"""HTTP servers of the daemon that keep few connections."""

from __future__ import annotations

import asyncio
import weakref

from householdd.http.connection import HttpConnection


def bounded(most: int) -> type[HttpConnection]:
    """A class of connections of which ``most`` are open at once; one more is closed without an answer."""
    alive = weakref.WeakSet[HttpConnection]()

    class Bounded(HttpConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            alive.add(self)
            if len(alive) > most:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            alive.discard(self)
            super().connection_lost(exc)

    return Bounded
