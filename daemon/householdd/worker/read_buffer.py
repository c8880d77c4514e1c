"""How a connection's bytes come from the event loop: into memory that all connections share."""

from __future__ import annotations

import asyncio

from householdd.worker.connection import Connection

_BUFFER_BYTES = 256 * 1024
"""Bytes; as many as uvloop reads at a time."""

_buffer = memoryview(bytearray(_BUFFER_BYTES))


class ReadBuffer(asyncio.BufferedProtocol):
    """Stands between the event loop and a link.

    The library's connection is a protocol that wants bytes. For one of that kind uvloop has OpenSSL decrypt each record
    into new memory of 256 KiB, of which all but the record is given back: a call of the kernel each time, as
    worker/tuning.py has it.
    """

    def __init__(self, link: Connection) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there, after TLS where it is used."""
        self._link.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        """Where to put what comes in; ``buffer_updated`` follows before the event loop does anything else."""
        room = self._link.room
        return _buffer if room is None else _buffer[: max(room, 1)]

    def buffer_updated(self, nbytes: int) -> None:
        """So much came in."""
        link = self._link
        if link.room is not None:
            link.room -= nbytes
            if link.room <= 0:
                link.transport.pause_reading()
        link.data_received(_buffer[:nbytes])

    def eof_received(self) -> bool | None:
        """The client ended its side of the stream; whether ours stays open."""
        return self._link.eof_received()

    def pause_writing(self) -> None:
        """The write buffer rose above its high-water mark."""
        self._link.pause_writing()

    def resume_writing(self) -> None:
        """The write buffer fell below its low-water mark."""
        self._link.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._link.connection_lost(exc)
        # The transport goes on knowing this, and the link knows the transport; cut here, all are gone at once.
        del self._link
