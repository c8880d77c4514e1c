"""Open a session of the household protocol, and tell how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed

    from householdctl.data_plane.server_url import Server

_MAX_MESSAGE_BYTES = 16 * 2**20


class _Connect(connect):
    """Connects to where it was told to, and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return the refusal itself: the library would follow a redirect, or fail over one to an https:// URL."""
        return exc


async def open_session(server: Server, who: str, test_id: str, query: str = "") -> ClientConnection:
    """The connection of one user of a run; ``query`` goes behind the test id. Raises as join() does."""
    if server.token:
        query += f"&token={quote(server.token, safe='')}"
    return await _Connect(
        f"{server.websocket_url}{who}_{test_id}?test_id={test_id}{query}",
        ssl=server.context,
        compression=None,
        max_size=_MAX_MESSAGE_BYTES,
        open_timeout=server.open_timeout_s,
        # The server has to notice by itself; and a proxy in between would answer in the client's place.
        ping_interval=None,
        proxy=server.proxy,
    )


def closing_words(closed: ConnectionClosed) -> str:
    """Return why a connection ended, in the server's own words where it gave some."""
    if closed.rcvd is None:
        return "the connection was lost"
    return closed.rcvd.reason or f"closed with code {closed.rcvd.code}"
