"""Requests for sessions: which clients may open one, and what the others are told."""

from __future__ import annotations

import http
import uuid
from urllib.parse import quote

from websockets.http11 import Request, Response

from householdd.admission.admission import Cause, Denial
from householdd.admission.run_tokens import TokenError
from householdd.clients.client_key import ClientKey
from householdd.http import upgrades
from householdd.http.headers import header, items, wants_websocket
from householdd.http.responses import data, text
from householdd.session.session import Identity
from householdd.traffic.profiles import Profiles
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.accepted_socket import SessionRequest
from householdd.worker.connection import Connection
from householdd.worker.json_rows import forwarded_prefix, redirect, refusal
from householdd.worker.listener import ListenerOptions
from householdd.worker.request_target import SESSION_PATH, SessionTarget, TargetError, session_target
from householdd.worker.session_manager import SessionManager

MAX_USER_AGENT_LENGTH = 256
"""Characters of a user agent that are kept."""

_STATUS = {
    Cause.BLOCKED: http.HTTPStatus.FORBIDDEN,
    Cause.ORIGIN: http.HTTPStatus.FORBIDDEN,
    Cause.TOKEN: http.HTTPStatus.UNAUTHORIZED,
    **dict.fromkeys(
        (Cause.ADDRESS_FULL, Cause.ADDRESS_RATE, Cause.BREAKER, Cause.REQUEST_RATE, Cause.RUN_FULL),
        http.HTTPStatus.TOO_MANY_REQUESTS,
    ),
}
"""Status of a denial, if it is not 503."""


class SessionRequests:
    """Judges requests for sessions."""

    def __init__(self, manager: SessionManager, profiles: Profiles, options: ListenerOptions) -> None:
        self._manager = manager
        self._profiles = profiles
        self._options = options

    async def answer(self, connection: AcceptedConnection, request: Request) -> Response | None:
        """Answer a request for a session's URL. Return None after a request for an upgrade that is admitted."""
        try:
            target = session_target(request.path, self._profiles)
        except TargetError as error:
            self._manager.refused(Cause.UNKNOWN_USER)
            return text(http.HTTPStatus.NOT_FOUND, str(error))
        upgrade = wants_websocket(request)
        if upgrade and (fault := upgrades.fault(request)) is not None:
            return fault
        now = self._manager.clock.now()
        foreign = self.is_foreign(request)
        host = self.client(connection, request)
        client = ClientKey(host, target.profile.key, target.test_id, foreign, target.parallel)
        denial = (
            self.denies_origin(request, upgrade=upgrade)
            or self._manager.admission.denies(client, now)
            or self._denies_token(target, client, upgrade=upgrade)
        )
        # A token that is refused now will be refused later, so the page is told as of a wrong address.
        if not upgrade and (denial is None or denial.cause is not Cause.TOKEN):
            return self._redirect(connection, request, target, denial)
        if denial is None:
            self._manager.admission.admit(client, now)
            connection.accepted.request = SessionRequest(target, _identity(target, connection, request, client))
            return None
        if upgrade:
            self._manager.refused(denial.cause)
        return refused(denial)

    def open(self, connection: Connection) -> None:
        """Open the session that was admitted on ``connection``."""
        accepted = connection.accepted
        request, accepted.request = accepted.request, None
        if request is None:
            raise TypeError("a session was asked for by a request")
        driver = self._manager.open(request.identity, request.target.profile, connection)
        if request.target.throughput is not None:
            driver.wish(request.target.throughput)

    def client(self, connection: AcceptedConnection, request: Request) -> str:
        """Return the client's address, which a trusted proxy may forward."""
        return self._options.trusted_proxies.client(connection.accepted.host, items(request, "X-Forwarded-For"))

    def is_foreign(self, request: Request) -> bool:
        """Return whether a page of another site asks."""
        return self._options.session_origins.is_foreign(header(request, "Origin"), header(request, "Host"))

    def denies_origin(self, request: Request, *, upgrade: bool) -> Denial | None:
        """Return why pages of the request's origin may open no session; None if they may."""
        origin = header(request, "Origin")
        if not origin and not upgrade:
            # For a request without upgrade, browsers send the origin only if it differs from the server's.
            return None
        words = self._options.session_origins.denies(origin, header(request, "Host"))
        return None if words is None else Denial(Cause.ORIGIN, words, None)

    def _denies_token(self, target: SessionTarget, client: ClientKey, *, upgrade: bool) -> Denial | None:
        """Checked last, so that a token is bound only to a run that is admitted."""
        tokens = self._options.tokens
        if tokens is None:
            return None
        now, run = self._manager.clock.wall(), client.run_key
        try:
            token = tokens.check(target.token, run, now)
            if upgrade:
                tokens.use(token, run, now)
        except TokenError as error:
            return Denial(Cause.TOKEN, str(error), None)
        return None

    def _redirect(
        self, connection: AcceptedConnection, request: Request, target: SessionTarget, denial: Denial | None
    ) -> Response:
        path = SESSION_PATH + quote(target.user_id)
        if self._options.trusted_proxies.trusts(connection.accepted.host):
            path = forwarded_prefix(request) + path
        row = redirect(request, path, tls=self._options.tls is not None, port=connection.accepted.sock.getsockname()[1])
        # A browser shows its page no response to a handshake that was refused, so the page asks here.
        return data({**row, **refusal(denial)})


def refused(denial: Denial) -> Response:
    """Return the response to a client that may not open a session."""
    headers = {} if denial.retry_after is None else {"Retry-After": str(denial.retry_after)}
    if denial.cause is Cause.TOKEN:
        headers["WWW-Authenticate"] = "Bearer"
    return text(_STATUS.get(denial.cause, http.HTTPStatus.SERVICE_UNAVAILABLE), denial.message, headers)


def user_agent(request: Request) -> str:
    """Return the client's user agent, shortened."""
    return header(request, "User-Agent")[:MAX_USER_AGENT_LENGTH]


def _identity(target: SessionTarget, connection: AcceptedConnection, request: Request, client: ClientKey) -> Identity:
    return Identity(
        id=str(uuid.uuid4()),
        user_id=target.user_id,
        test_id=target.test_id,
        peer_host=client.host,
        peer_port=connection.accepted.port,
        user_agent=user_agent(request),
        foreign=client.foreign,
        parallel=client.parallel,
    )
