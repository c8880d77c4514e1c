"""Rows of the page's port that only pages of the earlier system ask for: the warm-up download, and the end of a run."""

from __future__ import annotations

import http
import uuid
from collections.abc import Callable
from functools import partial
from typing import cast

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.admission.admission import Cause, Denial
from householdd.admission.run_tokens import NEEDED
from householdd.clients.client_key import ClientKey
from householdd.http.headers import header
from householdd.http.methods import Methods
from householdd.http.responses import Stream, data
from householdd.session.session import Identity
from householdd.traffic.profiles import Profile, Profiles
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.connection import Connection
from householdd.worker.listener import ListenerOptions
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_requests import SessionRequests, refused, user_agent
from householdd.worker.stream_connection import StreamConnection

WARM_UP_PATH = "/warmup/bulk-download"
"""Also under ``/api``, where deployed pages look for it."""

STOP_PATH = "/virtual-household/stop-user-sessions/"
"""Followed by a test id, or ``all``."""

MAX_BODY_BYTES = 64 * 1024
"""Greatest body of a request to end a run, which is read and ignored."""

_NOT_EMBEDDED = {"", "cors", "same-origin", "navigate"}
"""``Sec-Fetch-Mode`` of scripts that may read the response, and of an address that a person opens. An image or a script
of a page could draw payload without saying which page it is on."""


class LegacyRows:
    """Answers the rows; ``leave`` is called once a connection counts as a session."""

    def __init__(
        self,
        manager: SessionManager,
        profiles: Profiles,
        options: ListenerOptions,
        requests: SessionRequests,
        leave: Callable[[AcceptedSocket], None],
    ) -> None:
        self._manager = manager
        self._profiles = profiles
        self._options = options
        self._requests = requests
        self._leave = leave

    def methods(self, connection: AcceptedConnection, request: Request, path: str) -> Methods:
        """Return the methods of the row at ``path``; none if there is no such row."""
        below, _, test_id = path.removeprefix("/api").rpartition("/")
        if f"{below}/" == STOP_PATH and test_id:
            return {"POST": partial(self._stop_run, connection, request, test_id)}
        if self._options.legacy and path.removeprefix("/api") == WARM_UP_PATH:
            return {"GET": partial(self._warm_up, connection, request)}
        return {}

    async def _stop_run(self, connection: AcceptedConnection, request: Request, test_id: str) -> Response:
        await connection.body(MAX_BODY_BYTES)
        if (denial := self._requests.denies_origin(request, upgrade=False)) is not None:
            return refused(denial)
        self._manager.stop_run(self._requests.client(connection, request), "" if test_id == "all" else test_id)
        return data({"success": True})

    async def _warm_up(self, connection: AcceptedConnection, request: Request) -> Response:
        profile = self._profiles.warm_up()
        # A page that names no origin may be of any site.
        foreign = not header(request, "Origin") or self._requests.is_foreign(request)
        client = ClientKey(self._requests.client(connection, request), profile.key, foreign=foreign)
        denial = self._denies(request, client)
        if denial is not None:
            self._manager.refused(denial.cause)
            return refused(denial)
        if request.method != "HEAD":
            self._manager.admission.admit(client, self._manager.clock.now())
            # From here on it counts as a session.
            connection.accepted.asked = True
            self._leave(connection.accepted)
        return _download(self._manager, profile, connection, client, user_agent(request))

    def _denies(self, request: Request, client: ClientKey) -> Denial | None:
        denial = self._requests.denies_origin(request, upgrade=True)
        if denial is None and header(request, "Sec-Fetch-Mode").lower() not in _NOT_EMBEDDED:
            denial = Denial(Cause.ORIGIN, "Only scripts may ask for this, and must show their origin.", None)
        if denial is None:
            denial = self._manager.admission.denies(client, self._manager.clock.now())
        if denial is None and self._options.tokens is not None:
            denial = Denial(Cause.TOKEN, NEEDED, None)
        return denial


def _download(
    manager: SessionManager, profile: Profile, connection: AcceptedConnection, client: ClientKey, agent: str
) -> Response:
    """Return an endless response that is a session of ``profile``."""

    async def send() -> None:
        stream = StreamConnection(connection)
        identity = Identity(
            id=str(uuid.uuid4()),
            user_id=profile.key,
            test_id="",
            peer_host=client.host,
            peer_port=connection.accepted.port,
            user_agent=agent,
            foreign=client.foreign,
        )
        # It has what a session uses of a connection.
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
