"""The port of the earlier system, where deployed pages report what their line carried."""

from __future__ import annotations

import http
import socket
from functools import partial

import msgspec
from websockets.http11 import Request, Response

from householdd.http import methods
from householdd.http.headers import path_of
from householdd.http.responses import data, text
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.listener import Listener, ListenerOptions
from householdd.worker.session_manager import SessionManager

UPDATE_PROFILE_PATH = "/update-profile"

MAX_BODY_BYTES = 64 * 1024
"""Greatest body. The measured rates of a line have some 300 bytes."""


class LegacyListener(Listener):
    """Serves ``POST /update-profile`` and nothing else.

    Deployed pages do not go on without an answer. The report changes nothing: the Computer takes what the line carries.
    """

    def __init__(self, sock: socket.socket, manager: SessionManager, options: ListenerOptions) -> None:
        super().__init__(sock, manager, options, options.tls)

    async def answer(self, connection: AcceptedConnection, request: Request) -> Response | None:
        found = path_of(request.path) == UPDATE_PROFILE_PATH
        rows: methods.Methods = {"POST": partial(_update_profile, connection)} if found else {}
        response = await methods.answer(request, rows)
        if response is not None:
            methods.allow_origins(request, response, self._options.allowed_origins)
        return response


async def _update_profile(connection: AcceptedConnection) -> Response:
    try:
        msgspec.json.decode(await connection.body(MAX_BODY_BYTES), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text(http.HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return data({"success": True})
