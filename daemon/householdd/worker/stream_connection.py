"""The body of an HTTP response as the connection of a session: payload goes out, and nothing comes back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import cast

from householdd.http import socket_options
from householdd.worker import payload
from householdd.worker.connection import WRITE_LIMIT_BYTES, Connection, Owner


class StreamConnection:
    """Carries the payload of a session as plain bytes.

    To its session it is a ``Link`` whose client never answers, and to the link below it is the owner. So gate, pacing,
    budgets and every end of a session are those of all sessions.
    """

    def __init__(self, link: Connection) -> None:
        """``link`` has written the head of the response."""
        self._link = link
        self._over = asyncio.Event()
        self.owner: Owner | None = None
        self.room: int | None = None
        """Nothing is read, so nobody is held back."""
        link.owner = cast("Owner", self)

    async def over(self) -> None:
        """Return once no more of the body is to come."""
        await self._over.wait()

    @property
    def socket(self) -> socket.socket:
        """The connection's socket; for options and questions only."""
        return self._link.socket

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The connection's event loop."""
        return self._link.loop

    @property
    def open(self) -> bool:
        """Whether payload can be sent."""
        return not self._over.is_set() and not self._link.transport.is_closing()

    @property
    def paused(self) -> bool:
        """Whether the write buffer is above its high-water mark."""
        return self._link.paused

    @property
    def buffered(self) -> int:
        """Bytes waiting in user space."""
        return self._link.buffered

    def pace_for(self, peak_bps: float) -> None:
        """Size the buffers for this peak rate."""
        self._link.pace_for(peak_bps)

    def send_payload(self, count: int) -> int:
        """Write up to ``count`` payload bytes; return how many the buffer had room for."""
        if not self.open:
            return 0
        count = min(count, WRITE_LIMIT_BYTES - self.buffered)
        if count <= 0:
            return 0
        for part in payload.raw(count):
            self._link.transport.write(part)
        return count

    def send_texts(self, messages: Sequence[bytes], ping: bytes | None = None) -> bool:  # noqa: ARG002 - as of a Link
        """Send nothing: there is no place for messages."""
        return False

    def send_close(self, code: int, text: str) -> None:  # noqa: ARG002 - as of a Link
        """End the body. The session's deadline stays in force."""
        if self.open:
            socket_options.deliver_on_close(self.socket)
        self._over.set()

    def abort(self) -> None:
        """End the connection now."""
        self._over.set()
        self._link.abort()

    def distrust(self) -> None:
        """Do nothing: what comes in is bounded by the connection."""

    def read_at_most(self, count: int) -> None:
        """Do nothing: nothing is read."""

    read_freely = distrust

    def writable(self) -> None:
        """Pass on that the write buffer has drained."""
        if self.owner is not None:
            self.owner.writable()

    def cut(self) -> None:
        """End the body: the client has ended its side, and browsers do so with the whole connection."""
        self._over.set()
        if self.owner is not None:
            self.owner.client_closing()

    def on_closed(self, *, clean: bool) -> None:  # noqa: ARG002 - as of an Owner
        """Pass on that the connection is gone. To go away in the middle is how a client ends an endless body."""
        self._over.set()
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.on_closed(clean=True)

    def _unheard(self, *_: object) -> None:
        """Do nothing: no WebSocket is spoken here."""

    text = binary = pong = text_too_long = message_too_big = not_websocket = client_closing = flooded = unread = (
        _unheard
    )
