"""From HTTP to HTTPS: the port for plain HTTP, and plain HTTP on the port for TLS."""

from __future__ import annotations

import http
import socket
from functools import partial
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from householdd.http import methods
from householdd.http.headers import header, path_of, wants_websocket
from householdd.http.methods import Methods
from householdd.http.responses import text
from householdd.worker import acme
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.acceptor import Acceptor
from householdd.worker.connection import Connection
from householdd.worker.handshake import Handshakes
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.session_manager import SessionManager

HTTPS_PORT = 443
"""The port that a URL need not name."""


def told_to_use_tls(request: Request) -> Response:
    """Answer plain HTTP on the port for TLS: a page load is sent to the same address by HTTPS."""
    if request.method in {"GET", "HEAD"} and header(request, "Host") and not wants_websocket(request):
        return _moved(f"https://{header(request, 'Host')}{_origin_form(request)}")
    words = "This port speaks HTTPS and WSS: begin the address with https:// or wss://."
    return text(http.HTTPStatus.BAD_REQUEST, words)


class RedirectListener:
    """Serves the port for plain HTTP: sends everybody to HTTPS, and answers the challenges of ACME."""

    def __init__(
        self, manager: SessionManager, expected: ProxyHeaderReader, timeout: float, https_port: int, acme_dir: str
    ) -> None:
        """``timeout``, in seconds, is for each part of an exchange. ``acme_dir`` is empty where there is none."""
        self._manager = manager
        self._proxied = expected
        self._timeout = timeout
        self._https_port = https_port
        self._acme_dir = acme_dir
        self._opening = Handshakes(None, timeout, self._request, _no_session, self._leave)
        self._acceptor: Acceptor | None = None
        """Set once, by serve()."""

    def serve(self, sock: socket.socket) -> None:
        """Serve the listening socket ``sock``, which other processes may accept on too."""
        self._acceptor = Acceptor(sock, self._manager, self._proxied, self._timeout, self._opening.open)

    def close(self) -> None:
        """Take no more connections."""
        if self._acceptor is not None:
            self._acceptor.close()

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self._opening.handler_tasks)

    def _leave(self, arrival: AcceptedSocket) -> None:
        if self._acceptor is not None:
            self._acceptor.leave(arrival)

    async def _request(self, _: ServerConnection, request: Request) -> Response | None:
        path = path_of(request.path)
        if self._acme_dir and path.startswith(acme.PATH):
            return await methods.answer(request, self._challenge(path.removeprefix(acme.PATH)))
        host = _host_of(request)
        if not host:
            words = "Name the host, by the header Host, to be sent to its HTTPS address."
            return text(http.HTTPStatus.BAD_REQUEST, words)
        port = "" if self._https_port == HTTPS_PORT else f":{self._https_port}"
        return _moved(f"https://{host}{port}{_origin_form(request)}")

    def _challenge(self, token: str) -> Methods:
        answer = acme.read(self._acme_dir, token)
        return {} if answer is None else {"GET": partial(_plain, answer)}


async def _plain(body: str) -> Response:
    return text(http.HTTPStatus.OK, body)


def _no_session(_: Connection) -> None:
    raise AssertionError("every request is answered before an upgrade")


def _host_of(request: Request) -> str:
    """Return the host that the client used, without its port, as a URL has it."""
    try:
        host = urlsplit(f"//{header(request, 'Host')}").hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host


def _origin_form(request: Request) -> str:
    return request.path if request.path.startswith("/") else "/"


def _moved(url: str) -> Response:
    # 308 keeps the method, which 301 does not.
    return text(http.HTTPStatus.PERMANENT_REDIRECT, f"This page is at {url}", {"Location": url})
