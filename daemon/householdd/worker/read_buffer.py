"""Reads from the event loop into a buffer that all connections share."""

from __future__ import annotations

import asyncio

from householdd.worker.connection import Connection

_BUFFER_BYTES = 256 * 1024
"""Size of the buffer: the most that uvloop reads at a time, in bytes."""

_buffer = memoryview(bytearray(_BUFFER_BYTES))


class ReadBuffer(asyncio.BufferedProtocol):
    """Passes the events of a transport to a connection.

    The library's connection is an ``asyncio.Protocol``, for which uvloop has OpenSSL decrypt each record into 256 KiB
    of new memory and then shrinks it to the record. That is a system call each time; see worker/tuning.py.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        """Return the shared buffer; ``buffer_updated`` follows before the event loop does anything else."""
        room = self._connection.room
        return _buffer if room is None else _buffer[: max(room, 1)]

    def buffer_updated(self, nbytes: int) -> None:
        connection = self._connection
        if connection.room is not None:
            connection.room -= nbytes
            if connection.room <= 0:
                connection.transport.pause_reading()
        connection.data_received(_buffer[:nbytes])

    def eof_received(self) -> bool | None:
        return self._connection.eof_received()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)
        # The transport still refers to this, and the connection to the transport: without this reference all are freed
        # at once.
        del self._connection
