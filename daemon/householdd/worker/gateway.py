"""The data plane's port: TLS, the opening handshake, the page and the JSON rows."""

from __future__ import annotations

import asyncio
import http
import socket
import ssl
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import quote

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from householdd.admission.admission import Cause, Denial
from householdd.admission.run_tokens import NEEDED, RunTokenVerifier, TokenError
from householdd.clients.client_key import ClientKey
from householdd.clients.origins import Origins
from householdd.clients.proxy_header import ProxyProtocol
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.http import methods, upgrades
from householdd.http.headers import header, items, path_of, wants_websocket
from householdd.http.methods import Methods
from householdd.http.responses import data, file, text
from householdd.http.static_files import StaticFile
from householdd.session.session import Identity
from householdd.traffic.profiles import Profiles
from householdd.worker import legacy_listener, redirect_listener
from householdd.worker.accepted_socket import AcceptedSocket, Wanted
from householdd.worker.acceptor import Acceptor
from householdd.worker.connection import Connection
from householdd.worker.handshake import Handshakes
from householdd.worker.json_rows import JsonRows, Row, RowUnavailableError, forwarded_prefix, redirect, refusal
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.readiness import READY_PATH, readiness
from householdd.worker.request_target import SESSION_PATH, SessionTarget, TargetError, session_target
from householdd.worker.session_manager import SessionManager

USER_AGENT_LENGTH = 256

HSTS_S = 180 * 86400
"""Time for which a browser that was here uses HTTPS only (RFC 6797)."""

_STATUS = {
    Cause.BLOCKED: http.HTTPStatus.FORBIDDEN,
    Cause.ORIGIN: http.HTTPStatus.FORBIDDEN,
    Cause.TOKEN: http.HTTPStatus.UNAUTHORIZED,
    **dict.fromkeys(
        (Cause.ADDRESS_FULL, Cause.ADDRESS_RATE, Cause.BREAKER, Cause.RUN_FULL), http.HTTPStatus.TOO_MANY_REQUESTS
    ),
}
"""Where it is not 503."""


@dataclass(frozen=True)
class GatewayOptions:
    """How the port is served."""

    tls: ssl.SSLContext | None
    """None serves plain HTTP and WS, for a proxy in front."""
    allowed_origins: Collection[str]
    handshake_timeout: float
    """Seconds a client has for TLS, and as long again for the upgrade."""
    session_origins: Origins
    trusted_proxies: TrustedProxies
    proxy_protocol: ProxyProtocol
    tokens: RunTokenVerifier | None
    """None lets in who has none."""
    hsts: bool = False
    """Whether browsers are told to use HTTPS only from now on."""
    legacy: bool = False
    """Whether there is the download before a run of the earlier system."""


class Gateway:
    """Turns connections into sessions."""

    def __init__(
        self,
        manager: SessionManager,
        profiles: Profiles,
        rows: JsonRows,
        static: dict[str, StaticFile],
        options: GatewayOptions,
    ) -> None:
        self._manager = manager
        self._profiles = profiles
        self._rows = rows
        self._static = static
        self._options = options
        self._opening = Handshakes(options.tls, options.handshake_timeout, self._request, self._session, self._leave)
        self._acceptor: Acceptor | None = None
        """Set once, by serve()."""

    async def serve(self, sock: socket.socket) -> None:
        """Serves the listening socket ``sock``, which other processes may accept on too."""
        await _open_spare_descriptor()
        proxies = self._options.trusted_proxies
        self._acceptor = Acceptor(
            sock,
            self._manager,
            ProxyHeaderReader(self._options.proxy_protocol, proxies),
            self._options.handshake_timeout,
            self._opening.open,
        )

    def close(self) -> None:
        """Takes no more connections, and lets those that are there open no more sessions; sessions go on."""
        self._opening.close()
        if self._acceptor is not None:
            self._acceptor.close()

    def _leave(self, arrival: AcceptedSocket) -> None:
        if self._acceptor is not None:
            self._acceptor.leave(arrival)

    @property
    def connections(self) -> int:
        """Connections beyond TLS, with and without a session."""
        return len(self._opening.handler_tasks) + len(self._manager.live)

    async def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._options.tls is not None and cast("Connection", connection).arrival.plain:
            return redirect_listener.told_to_use_tls(request)
        path = path_of(request.path)
        response = await methods.answer(request, self._methods(cast("Connection", connection), request, path))
        if response is not None and path not in self._static:
            methods.allow_origins(request, response, self._options.allowed_origins)
        if response is not None and self._options.hsts:
            response.headers["Strict-Transport-Security"] = f"max-age={HSTS_S}"
        return response

    def _methods(self, connection: Connection, request: Request, path: str) -> Methods:
        """Return what the row at ``path`` answers; nothing where there is none."""
        if path.startswith(SESSION_PATH):
            return {"GET": partial(self._session_url, connection, request)}
        if path.removeprefix("/api") == READY_PATH:
            return {"GET": self._ready}
        if (row := self._rows.find(path)) is not None:
            return {"GET": partial(_data, row)}
        if path in self._static:
            return {"GET": partial(_file, request, self._static[path])}
        return {"GET": _unbuilt} if path == "/" else self._legacy_methods(connection, request, path)

    def _legacy_methods(self, connection: Connection, request: Request, path: str) -> Methods:
        """Return the same of the rows that only pages of the earlier system ask for."""
        below, _, test_id = path.removeprefix("/api").rpartition("/")
        if f"{below}/" == legacy_listener.STOP_PATH and test_id:
            return {"POST": partial(self._stop_run, connection, request, test_id)}
        if self._options.legacy and path.removeprefix("/api") == legacy_listener.WARM_UP_PATH:
            return {"GET": partial(self._warm_up, connection, request)}
        return {}

    async def _ready(self) -> Response:
        row = await readiness(self._manager.admission, self._manager.clock.now(), self._rows.stats)
        if row["ready"]:
            return data(row)
        return data(row, http.HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(row["retry_after"])})

    async def _session_url(self, connection: Connection, request: Request) -> Response | None:
        try:
            target = session_target(request.path, self._profiles)
        except TargetError as error:
            self._manager.refused(Cause.UNKNOWN_USER)
            return text(http.HTTPStatus.NOT_FOUND, str(error))
        upgrade = wants_websocket(request)
        if upgrade and (fault := upgrades.fault(request)) is not None:
            return fault
        now = self._manager.clock.now()
        foreign = self._is_foreign(request)
        visitor = ClientKey(self._client(connection, request), target.profile.key, target.test_id, foreign)
        denial = (
            self._foreign(request, upgrade=upgrade)
            or self._manager.admission.denies(visitor, now)
            or self._unpermitted(target, visitor, upgrade=upgrade)
        )
        # A token that is not good now will not be later, so the page is told as of an address that is wrong.
        if not upgrade and (denial is None or denial.cause is not Cause.TOKEN):
            return self._redirect(connection, request, target, denial)
        if denial is None:
            self._manager.admission.admit(visitor, now)
            connection.arrival.wanted = Wanted(target, _identity(target, connection, request, visitor))
            return None
        if upgrade:
            self._manager.refused(denial.cause)
        return _refused(denial)

    async def _warm_up(self, link: Connection, request: Request) -> Response:
        profile = self._profiles.warm_up()
        # Of pages that name no origin it is not known whose they are.
        foreign = not header(request, "Origin") or self._is_foreign(request)
        visitor = ClientKey(self._client(link, request), profile.key, foreign=foreign)
        now, admission = self._manager.clock.now(), self._manager.admission
        denial = self._foreign(request, upgrade=True) or _embedded(request) or admission.denies(visitor, now)
        if denial is None and self._options.tokens is not None:
            denial = Denial(Cause.TOKEN, NEEDED, None)
        if denial is not None:
            self._manager.refused(denial.cause)
            return _refused(denial)
        if request.method != "HEAD":
            admission.admit(visitor, now)
            # From here on it counts as a session.
            link.arrival.asked = True
            self._leave(link.arrival)
        return legacy_listener.warm_up(self._manager, profile, link, visitor, _user_agent(request))

    async def _stop_run(self, link: Connection, request: Request, test_id: str) -> Response:
        await link.body(legacy_listener.MAX_BODY_BYTES)
        if (denial := self._foreign(request, upgrade=False)) is not None:
            return _refused(denial)
        self._manager.stop_run(self._client(link, request), "" if test_id == "all" else test_id)
        return data({"success": True})

    def _redirect(self, link: Connection, request: Request, target: SessionTarget, denial: Denial | None) -> Response:
        path = SESSION_PATH + quote(target.user_id)
        if self._options.trusted_proxies.trusts(link.arrival.host):
            path = forwarded_prefix(request) + path
        row = redirect(request, path, tls=self._options.tls is not None, port=link.local_address[1])
        # A browser shows its page no answer to a handshake that was refused, so the page asks here.
        return data({**row, **refusal(denial)})

    def _unpermitted(self, target: SessionTarget, visitor: ClientKey, *, upgrade: bool) -> Denial | None:
        """The last to be asked, so that a token is bound only to a run that is let in."""
        tokens = self._options.tokens
        if tokens is None:
            return None
        now, run = self._manager.clock.wall(), visitor.run_key
        try:
            token = tokens.check(target.token, run, now)
            if upgrade:
                tokens.use(token, run, now)
        except TokenError as error:
            return Denial(Cause.TOKEN, str(error), None)
        return None

    def _foreign(self, request: Request, *, upgrade: bool) -> Denial | None:
        origin = header(request, "Origin")
        if not origin and not upgrade:
            # A browser names the origin of a page that reads a row only where it is another one.
            return None
        words = self._options.session_origins.denies(origin, header(request, "Host"))
        return None if words is None else Denial(Cause.ORIGIN, words, None)

    def _is_foreign(self, request: Request) -> bool:
        return self._options.session_origins.is_foreign(header(request, "Origin"), header(request, "Host"))

    def _client(self, connection: Connection, request: Request) -> str:
        return self._options.trusted_proxies.client(connection.arrival.host, items(request, "X-Forwarded-For"))

    def _session(self, link: Connection) -> None:
        wanted, link.arrival.wanted = link.arrival.wanted, None
        if wanted is None:
            raise TypeError("a session was asked for by a request")
        link.response = None
        driver = self._manager.open(wanted.identity, wanted.target.profile, link)
        if wanted.target.throughput is not None:
            driver.wish(wanted.target.throughput)


def _refused(denial: Denial) -> Response:
    headers = {} if denial.retry_after is None else {"Retry-After": str(denial.retry_after)}
    if denial.cause is Cause.TOKEN:
        headers["WWW-Authenticate"] = "Bearer"
    return text(_STATUS.get(denial.cause, http.HTTPStatus.SERVICE_UNAVAILABLE), denial.message, headers)


def _embedded(request: Request) -> Denial | None:
    words = "Only scripts may ask for this, and must show their origin."
    return Denial(Cause.ORIGIN, words, None) if legacy_listener.is_embedded(request) else None


async def _data(row: Row) -> Response:
    try:
        found = await row()
    except RowUnavailableError as error:
        return text(http.HTTPStatus.SERVICE_UNAVAILABLE, f"Not available now: {error}")
    return text(http.HTTPStatus.NOT_FOUND, "Not found.") if found is None else data(found)


async def _file(request: Request, static: StaticFile) -> Response:
    return file(request, static)


async def _unbuilt() -> Response:
    return text(http.HTTPStatus.NOT_FOUND, "The page was not built; `make run` builds it.")


def _identity(target: SessionTarget, link: Connection, request: Request, visitor: ClientKey) -> Identity:
    return Identity(
        id=str(uuid.uuid4()),
        user_id=target.user_id,
        test_id=target.test_id,
        peer_host=visitor.host,
        peer_port=link.arrival.port,
        user_agent=_user_agent(request),
        foreign=visitor.foreign,
    )


def _user_agent(request: Request) -> str:
    return header(request, "User-Agent")[:USER_AGENT_LENGTH]


async def _open_spare_descriptor() -> None:
    """Has libuv open the descriptor that it keeps for when there are no more.

    It does so with the first stream, which would else be the first client, and look like something left behind.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.abort()
