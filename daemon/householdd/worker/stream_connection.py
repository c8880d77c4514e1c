"""The body of an HTTP response as the connection of a session: payload is sent, and nothing is received."""

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

    To its session it is a ``Connection`` whose client never answers, and it is the owner of the connection below. So
    gate, pacing, budgets and ends are those of all sessions.
    """

    def __init__(self, connection: Connection) -> None:
        """``connection`` has written the head of the response."""
        self._connection = connection
        self._over = asyncio.Event()
        self.owner: Owner | None = None
        self.room: int | None = None
        """Always None: nothing is read, so no client is held back."""
        connection.owner = cast("Owner", self)

    async def over(self) -> None:
        """Return once the body has ended."""
        await self._over.wait()

    @property
    def socket(self) -> socket.socket:
        """Socket of the connection; only for options and questions to the kernel."""
        return self._connection.socket

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Event loop of the connection."""
        return self._connection.loop

    @property
    def open(self) -> bool:
        """Whether payload can be sent."""
        return not self._over.is_set() and not self._connection.transport.is_closing()

    @property
    def paused(self) -> bool:
        """Whether the write buffer is above its high-water mark."""
        return self._connection.paused

    @property
    def buffered(self) -> int:
        """Bytes waiting in user space."""
        return self._connection.buffered

    def pace_for(self, peak_bps: float) -> None:
        """Size the buffers for this peak rate."""
        self._connection.pace_for(peak_bps)

    def send_payload(self, count: int) -> int:
        """Write up to ``count`` payload bytes; return how many the buffer had room for."""
        if not self.open:
            return 0
        count = min(count, WRITE_LIMIT_BYTES - self.buffered)
        if count <= 0:
            return 0
        for part in payload.raw(count):
            self._connection.transport.write(part)
        return count

    def send_texts(self, messages: Sequence[bytes], ping: bytes | None = None) -> bool:  # noqa: ARG002 - as of a Connection
        """Send nothing: there is no place for messages."""
        return False

    def send_close(self, code: int, text: str) -> None:  # noqa: ARG002 - as of a Connection
        """End the body. The session's deadline stays in force."""
        if self.open:
            socket_options.deliver_on_close(self.socket)
        self._over.set()

    def abort(self) -> None:
        """End the connection now."""
        self._over.set()
        self._connection.abort()

    def distrust(self) -> None:
        """Do nothing: the connection below bounds what it reads."""

    def read_at_most(self, count: int) -> None:
        """Do nothing: nothing is read."""

    read_freely = distrust

    def writable(self) -> None:
        """Tell the session that the write buffer has drained."""
        if self.owner is not None:
            self.owner.writable()

    def cut(self) -> None:
        """End the body: the client has ended its side, and browsers do so with the whole connection."""
        self._over.set()
        if self.owner is not None:
            self.owner.client_closing()

    def on_closed(self, *, clean: bool) -> None:  # noqa: ARG002 - as of an Owner
        """Tell the session that the connection is gone, which is how a client ends an endless body."""
        self._over.set()
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.on_closed(clean=True)

    def _ignore(self, *_: object) -> None:
        """Do nothing: no WebSocket is spoken here."""

    text = binary = pong = text_too_long = message_too_big = not_websocket = client_closing = flooded = unread = _ignore
