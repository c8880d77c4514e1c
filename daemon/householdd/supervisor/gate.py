"""The public control socket.

grpcio would take over a live socket path and make it readable to everyone, so an asyncio listener owns the path and
forwards bytes to grpcio's own socket in a private directory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("gate")

MODE = 0o660
"""Owner and group may drive the daemon; who is in the group is the operator's choice."""

_CHUNK = 64 * 1024


class Gate:
    """Forwards connections on ``public`` to ``private``."""

    def __init__(self, public: Path, private: Path) -> None:
        self._public = public
        self._private = private
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listens. Whoever calls holds the lock of the runtime directory, so a socket that is there is stale."""
        self._public.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._connected, self._public)
        self._public.chmod(MODE)

    async def stop(self) -> None:
        """Stops listening and ends what is under way."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._public.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(self._private)
        except OSError as error:
            log.warning("control connection not forwarded", problem=error.strerror)
            writer.close()
            return
        try:
            await _either(_copy(reader, there_writer), _copy(there_reader, writer))
        except asyncio.CancelledError:
            # Only stop() cancels. asyncio's streams would report a cancelled connection as a defect.
            return
        finally:
            writer.close()
            there_writer.close()


async def _either(*directions: Coroutine[Any, Any, None]) -> None:
    """Runs until one direction ends; gRPC closes both at once."""
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
