"""The port of the page: static files, JSON rows, and sessions."""

from __future__ import annotations

import http
import socket
from functools import partial

from websockets.http11 import Request, Response

from householdd.http import methods
from householdd.http.headers import path_of, wants_websocket
from householdd.http.methods import Methods
from householdd.http.responses import data, file, text
from householdd.http.static_files import StaticFile
from householdd.traffic.profiles import Profiles
from householdd.worker import https_redirect
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.connection import Connection
from householdd.worker.json_rows import JsonRows, Row, RowUnavailableError
from householdd.worker.legacy_rows import LegacyRows
from householdd.worker.listener import Listener, ListenerOptions
from householdd.worker.readiness import READY_PATH, readiness
from householdd.worker.request_target import SESSION_PATH
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_requests import SessionRequests, refused

HSTS_S = 180 * 86400
"""Seconds for which a browser that was here uses HTTPS only (RFC 6797)."""


class Gateway(Listener):
    """Serves the page and turns connections into sessions."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a part of its own
        self,
        sock: socket.socket,
        manager: SessionManager,
        profiles: Profiles,
        rows: JsonRows,
        static: dict[str, StaticFile],
        options: ListenerOptions,
    ) -> None:
        super().__init__(sock, manager, options, options.tls)
        self._rows = rows
        self._static = static
        self._sessions = SessionRequests(manager, profiles, options)
        self._legacy = LegacyRows(manager, profiles, options, self._sessions, self.leave)

    @property
    def connections(self) -> int:
        """Number of connections beyond TLS, with and without a session."""
        return super().connections + len(self._manager.live)

    async def answer(self, connection: AcceptedConnection, request: Request) -> Response | None:
        if self._options.tls is not None and connection.accepted.plain:
            return https_redirect.require_tls(request)
        path = path_of(request.path)
        response = self._refusal(connection, request, path)
        if response is None:
            response = await methods.answer(request, self._methods(connection, request, path))
        if response is not None and path not in self._static:
            methods.allow_origins(request, response, self._options.allowed_origins)
        if response is not None and self._options.hsts:
            response.headers["Strict-Transport-Security"] = f"max-age={HSTS_S}"
        return response

    def open_session(self, connection: Connection) -> None:
        self._sessions.open(connection)

    def _methods(self, connection: AcceptedConnection, request: Request, path: str) -> Methods:
        """Return the methods of the row at ``path``; none if there is no such row."""
        if path.startswith(SESSION_PATH):
            return {"GET": partial(self._sessions.answer, connection, request)}
        if path.removeprefix("/api") == READY_PATH:
            return {"GET": self._ready}
        if (row := self._rows.find(path)) is not None:
            return {"GET": partial(_data, row)}
        if path in self._static:
            return {"GET": partial(_file, request, self._static[path])}
        return {"GET": _unbuilt} if path == "/" else self._legacy.methods(connection, request, path)

    def _refusal(self, connection: AcceptedConnection, request: Request, path: str) -> Response | None:
        """Count a request; return the response if its address makes too many.

        Upgrades have limits of their own, and a load balancer is told whether the worker is ready however often it
        asks.
        """
        if wants_websocket(request) or path.removeprefix("/api") == READY_PATH:
            return None
        manager = self._manager
        denial = manager.admission.denies_request(self._sessions.client(connection, request), manager.clock.now())
        if denial is None:
            return None
        manager.refused(denial.cause)
        return refused(denial)

    async def _ready(self) -> Response:
        row = await readiness(self._manager.admission, self._manager.clock.now(), self._rows.stats)
        if row["ready"]:
            return data(row)
        return data(row, http.HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(row["retry_after"])})


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
