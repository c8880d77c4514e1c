"""What only pages of the earlier system ask for: a download before the run, and a port of their own for its result."""

from __future__ import annotations

import http
import socket
import uuid
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.clients.client_key import ClientKey
from householdd.http import methods
from householdd.http.headers import header, path_of
from householdd.http.responses import Stream, data, text
from householdd.session.session import Identity
from householdd.traffic.profiles import Profile
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.acceptor import Acceptor
from householdd.worker.connection import Connection
from householdd.worker.handshake import Handshakes
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.session_manager import SessionManager
from householdd.worker.stream_connection import StreamConnection

if TYPE_CHECKING:
    from householdd.worker.gateway import GatewayOptions

WARM_UP_PATH = "/warmup/bulk-download"
"""Also under ``/api``, where deployed pages look for it."""

UPDATE_PROFILE_PATH = "/update-profile"

STOP_PATH = "/virtual-household/stop-user-sessions/"
"""A test id follows, or ``all``."""

MAX_BODY_BYTES = 64 * 1024
"""The measured rates of a line have some 300."""

_NOT_EMBEDDED = {"", "cors", "same-origin", "navigate"}
"""``Sec-Fetch-Mode`` of scripts that may read what they ask for, and of an address that a person opens. An image or a
script of a page could draw payload without saying which page it is on."""


def is_embedded(request: Request) -> bool:
    """Return whether a page asks for payload without showing its origin."""
    return header(request, "Sec-Fetch-Mode").lower() not in _NOT_EMBEDDED


def warm_up(
    manager: SessionManager, profile: Profile, link: Connection, visitor: ClientKey, user_agent: str
) -> Response:
    """Return an endless response that is a session of ``profile``."""

    async def send() -> None:
        stream = StreamConnection(link)
        identity = Identity(
            id=str(uuid.uuid4()),
            user_id=profile.key,
            test_id="",
            peer_host=visitor.host,
            peer_port=link.arrival.port,
            user_agent=user_agent,
            foreign=visitor.foreign,
        )
        # It has what a session uses of a link.
        manager.open(identity, profile, cast("Connection", stream))
        await stream.over()

    headers = {
        "Content-Type": "application/octet-stream",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    ok = http.HTTPStatus.OK
    return Stream(ok.value, ok.phrase, Headers(headers), send=send)


class LegacyListener:
    """Serves ``POST /update-profile`` and nothing else, on a port of its own.

    Deployed pages tell it what their line carried, and do not go on without an answer. It need do nothing: the Computer
    takes what the line carries by itself.
    """

    def __init__(self, manager: SessionManager, options: GatewayOptions) -> None:
        self._manager = manager
        self._options = options
        self._opening = Handshakes(options.tls, options.handshake_timeout, self._request, _no_session, self._leave)
        self._acceptor: Acceptor | None = None
        """Set once, by serve()."""

    @property
    def connections(self) -> int:
        """Connections beyond TLS."""
        return len(self._opening.handler_tasks)

    def serve(self, sock: socket.socket) -> None:
        """Serve the listening socket ``sock``, which other processes may accept on too."""
        options = self._options
        expected = ProxyHeaderReader(options.proxy_protocol, options.trusted_proxies)
        self._acceptor = Acceptor(sock, self._manager, expected, options.handshake_timeout, self._opening.open)

    def close(self) -> None:
        """Take no more connections."""
        self._opening.close()
        if self._acceptor is not None:
            self._acceptor.close()

    def _leave(self, arrival: AcceptedSocket) -> None:
        if self._acceptor is not None:
            self._acceptor.leave(arrival)

    async def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        found = path_of(request.path) == UPDATE_PROFILE_PATH
        rows: methods.Methods = {"POST": partial(_update_profile, cast("Connection", connection))} if found else {}
        response = await methods.answer(request, rows)
        if response is not None:
            methods.allow_origins(request, response, self._options.allowed_origins)
        return response


async def _update_profile(link: Connection) -> Response:
    try:
        msgspec.json.decode(await link.body(MAX_BODY_BYTES), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text(http.HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return data({"success": True})


def _no_session(_: Connection) -> None:
    raise AssertionError("every request to this port is answered by a response")
