"""HTTP servers of the daemon that keep few connections."""

from __future__ import annotations

import weakref

from websockets.asyncio.server import ServerConnection


def bounded(most: int) -> type[ServerConnection]:
    """A class of connections of which ``most`` are open at once; one more is closed without an answer."""
    alive = weakref.WeakSet[ServerConnection]()

    class Bounded(ServerConnection):
        def connection_made(self, transport: object) -> None:
            super().connection_made(transport)  # type: ignore[arg-type]  # typed more narrowly than asyncio calls it
            alive.add(self)
            if len(alive) > most:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            alive.discard(self)
            super().connection_lost(exc)

    return Bounded
