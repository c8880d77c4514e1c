"""The two ends of a forwarded control connection: bytes pass at the pace of the slower end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What every HTTP/2 connection begins with, RFC 9113 section 3.4."""

BUFFER_BYTES = 64 * 1024
"""Bytes that wait for a slow reader before the other end is no longer read."""

FLUSH_TIMEOUT_S = 2.0
"""Seconds that an end has to take what was still sent to it when the other end closed."""

_BUSY_S = 0.02
"""Seconds between two tries while the private socket's queue is full."""


class ForwardingEnd(asyncio.Protocol):
    """One end. ``other`` is the one that its bytes go to, None until both are there."""

    transport: asyncio.Transport

    def __init__(self, other: ForwardingEnd | None = None) -> None:
        self.other = other
        self.lost = False
        """Set once, when the connection has ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound the write buffer."""
        # uvloop's transports have its methods without being subclasses.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        """Forward to the other end."""
        if self.other is not None:
            self.other.write(data)

    def write(self, data: bytes) -> None:
        """Send to this end, unless it is closing."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def pause_writing(self) -> None:
        """Stop reading the other end while this one is slow."""
        if self.other is not None and not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read the other end again."""
        if self.other is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        """Close the other end too."""
        self.lost = True
        if self.other is not None and not self.other.lost:
            self.other.finish()

    def finish(self) -> None:
        """Close once everything is written, or after ``FLUSH_TIMEOUT_S``."""
        self.transport.close()
        asyncio.get_running_loop().call_later(FLUSH_TIMEOUT_S, self.transport.abort)


class ClientEnd(ForwardingEnd):
    """The client's end. What does not begin as HTTP/2 is cut off, so the library behind the gate never sees it."""

    def __init__(self, arrived: Callable[[ClientEnd], None], gone: Callable[[ClientEnd], None]) -> None:
        """``arrived`` is called with the connection, ``gone`` when it has ended."""
        super().__init__()
        self._arrived = arrived
        self._gone = gone
        self._first = bytearray()
        """Bytes received while there is no other end."""
        self.begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether it began as HTTP/2, once that is known."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Report the client."""
        super().connection_made(transport)
        self._arrived(self)

    def data_received(self, data: bytes) -> None:
        """Check the preface, and forward the rest."""
        if self.other is not None:
            self.other.write(data)
            return
        self._first += data
        if self.begun.done():
            return
        if self._first[: len(PREFACE)] != PREFACE[: len(self._first)]:
            self.begun.set_result(False)
        elif len(self._first) >= len(PREFACE):
            self.begun.set_result(True)
            # Read on once there is an other end.
            self.transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close the other end too."""
        if not self.begun.done():
            self.begun.set_result(False)
        super().connection_lost(error)
        self._gone(self)

    def join(self, server: ForwardingEnd) -> None:
        """Forward what was received, and everything after."""
        self.other = server
        server.write(bytes(self._first))
        self._first.clear()
        if self.lost:
            server.finish()
        elif not self.transport.is_closing():
            self.transport.resume_reading()


async def reach(private: Path, name: str, client: ClientEnd) -> ForwardingEnd:
    """A connection to the ``private`` socket from the abstract address ``name``. Raises OSError.

    What it brings goes to ``client`` at once: gRPC speaks as soon as it is connected.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        sock.bind(f"\0{name}")
        while True:
            try:
                sock.connect(str(private))
            except BlockingIOError:
                # The queue of the listening socket is full; unlike with TCP nothing is under way then.
                await asyncio.sleep(_BUSY_S)
            else:
                break
        _, end = await asyncio.get_running_loop().create_unix_connection(lambda: ForwardingEnd(client), sock=sock)
    except BaseException:
        sock.close()
        raise
    return end
