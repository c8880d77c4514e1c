"""The body of an HTTP response as the connection of a session: payload is sent, and nothing is received."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

from householdd.http import socket_options
from householdd.http.closed_transport import CLOSED
from householdd.worker import payload
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.connection import WRITE_LIMIT_BYTES, Owner


class StreamConnection(asyncio.BufferedProtocol):
    """Carries the payload of a session as plain bytes.

    To its session it is a ``Connection`` whose client never answers. So gate, pacing, budgets and ends are those of all
    sessions. It has the transport from its making on, and passes on to the connection what that waits for.
    """

    def __init__(self, connection: AcceptedConnection) -> None:
        """``connection`` has written the head of the response."""
        self._connection = connection
        self._transport: asyncio.Transport = connection.transport
        self._over = asyncio.Event()
        self.accepted = connection.accepted
        self.owner: Owner | None = None
        self.room: int | None = None
        """Always None: nothing is read, so no client is held back."""
        self.charge: Callable[[float], None] | None = None
        """Never called: nothing is received."""
        self.ignored = False
        self.paused = False
        """Whether the write buffer is above its high-water mark."""
        self._transport.set_protocol(self)

    async def over(self) -> None:
        """Return once the body has ended."""
        await self._over.wait()

    @property
    def socket(self) -> socket.socket:
        """Socket of the connection; only for options and questions to the kernel."""
        return self.accepted.sock

    @property
    def open(self) -> bool:
        """Whether payload can be sent."""
        return not self._over.is_set() and not self._transport.is_closing()

    @property
    def buffered(self) -> int:
        """Bytes waiting in user space."""
        return self._transport.get_write_buffer_size()

    def pace_for(self, peak_bps: float, pacing_bps: float) -> None:  # noqa: ARG002 - as of a Connection
        """Size the buffer for bulk, whatever the rate: no message waits behind it; and pace the packets."""
        self._transport.set_write_buffer_limits(WRITE_LIMIT_BYTES // 2, WRITE_LIMIT_BYTES // 4)
        socket_options.pace(self.socket, pacing_bps)

    def send_payload(self, count: int, ping: bytes | None = None) -> int:  # noqa: ARG002 - as of a Connection
        """Write up to ``count`` payload bytes; return how many the buffer had room for."""
        if not self.open:
            return 0
        count = min(count, WRITE_LIMIT_BYTES - self.buffered)
        if count <= 0:
            return 0
        for part in payload.raw(count):
            self._transport.write(part)
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

    read_freely = ignore = heed = distrust

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._connection.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        self._connection.buffer_updated(nbytes)

    def eof_received(self) -> bool:
        """End the body: the client has ended its side, and browsers do so with the whole connection."""
        stays = self._connection.eof_received()
        self._over.set()
        if self.owner is not None:
            self.owner.client_closing()
        return stays

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.owner is not None:
            self.owner.writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the session that the connection is gone, which is how a client ends an endless body."""
        self._connection.connection_lost(exc)
        self._over.set()
        self._transport = CLOSED
        owner, self.owner = self.owner, None
        if owner is not None:
            owner.on_closed(clean=True)
