"""The port for plain HTTP: redirects to HTTPS, and answers the challenges of ACME."""

from __future__ import annotations

import http
import socket
from functools import partial
from urllib.parse import urlsplit

from websockets.http11 import Request, Response

from householdd.http import methods
from householdd.http.headers import header, path_of
from householdd.http.responses import text
from householdd.worker import acme, https_redirect
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.listener import Listener, ListenerOptions
from householdd.worker.session_manager import SessionManager

HTTPS_PORT = 443
"""The port that a URL need not name."""


class RedirectListener(Listener):
    """Redirects every request, except the challenges of ACME."""

    def __init__(
        self, sock: socket.socket, manager: SessionManager, options: ListenerOptions, https_port: int, acme_dir: str
    ) -> None:
        """``acme_dir`` is empty where no challenges are answered."""
        super().__init__(sock, manager, options, tls=None)
        self._port = "" if https_port == HTTPS_PORT else f":{https_port}"
        self._acme_dir = acme_dir

    async def answer(self, connection: AcceptedConnection, request: Request) -> Response | None:
        del connection
        path = path_of(request.path)
        if self._acme_dir and path.startswith(acme.PATH):
            return await methods.answer(request, self._challenge(path.removeprefix(acme.PATH)))
        host = _host_of(request)
        if not host:
            words = "Name the host, by the header Host, to be sent to its HTTPS address."
            return text(http.HTTPStatus.BAD_REQUEST, words)
        return https_redirect.redirect(f"{host}{self._port}", request)

    def _challenge(self, token: str) -> methods.Methods:
        answer = acme.read(self._acme_dir, token)
        return {} if answer is None else {"GET": partial(_plain, answer)}


async def _plain(body: str) -> Response:
    return text(http.HTTPStatus.OK, body)


def _host_of(request: Request) -> str:
    """Return the host that the client used, without its port, as a URL has it; empty if there is none."""
    try:
        host = urlsplit(f"//{header(request, 'Host')}").hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host
