"""Sessions of the household protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed

    from householdctl.data_plane.server_url import Server

_MAX_MESSAGE_BYTES = 16 * 2**20


class _Connect(connect):
    """Connects without following redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the refusal: a redirect is not followed."""
        return exc


async def open_session(server: Server, who: str, test_id: str, query: str = "") -> ClientConnection:
    """Raise OSError, TimeoutError, or websockets' InvalidHandshake."""
    if server.token:
        query += f"&token={quote(server.token, safe='')}"
    return await _Connect(
        f"{server.websocket_url}{who}_{test_id}?test_id={test_id}{query}",
        ssl=server.context,
        compression=None,
        max_size=_MAX_MESSAGE_BYTES,
        open_timeout=server.open_timeout_s,
        # A proxy would answer in place of the client.
        ping_interval=None,
        proxy=server.proxy,
    )


def closing_words(closed: ConnectionClosed) -> str:
    """Return why a connection ended, in the server's words if any."""
    if closed.rcvd is None:
        return "the connection was lost"
    return closed.rcvd.reason or f"closed with code {closed.rcvd.code}"
