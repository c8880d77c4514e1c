"""An HTTP request with a deadline for all its parts.

``http.client`` suffices: one thread sends one request at a time, each on a new connection, without redirects, cookies,
proxies and response bodies.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

POST_TIMEOUT_S = 10.0
"""Seconds from the start of the connection to the last header of the response."""


class Answer(NamedTuple):
    """Response of a receiver."""

    status: int
    retry_after: str | None = None
    """Value of the header Retry-After."""


class Poster:
    """Posts JSON to a valid URL. ``post`` is for one thread, ``abort`` for any."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None, deadline: float = POST_TIMEOUT_S) -> None:
        """``tls`` trusts the authorities of the machine by default."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._deadline = deadline
        self._socket: socket.socket | None = None
        """Set only while a request is under way."""

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the response without its body. Raise OSError or http.client.HTTPException."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.abort()

        # The timeout of the socket restarts with each byte.
        timer = threading.Timer(self._deadline, give_up)
        timer.start()
        try:
            return self._post(headers, body)
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise TimeoutError(f"no answer within {self._deadline:g} s") from error
            raise
        finally:
            timer.cancel()

    def abort(self) -> None:
        """Make the current request fail."""
        with contextlib.suppress(OSError):
            if (current := self._socket) is not None:
                # SSLSocket.shutdown would remove the TLS layer while the other thread reads.
                socket.socket.shutdown(current, socket.SHUT_RDWR)

    def _post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            with self._connection() as connection:
                own = {
                    "Content-Type": "application/json",
                    "User-Agent": f"householdd/{version('householdd')}",
                    "Connection": "close",
                }
                connection.request("POST", self._path, body, {**own, **headers})
                with connection.getresponse() as response:
                    return Answer(response.status, response.headers["Retry-After"])
        finally:
            self._socket = None

    @contextlib.contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        """Connect without http.client, so that ``abort`` can end each step."""
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.create_connection((self._host, self._port), self._deadline))
            self._socket = plain
            connection = http.client.HTTPConnection(self._host, self._port)
            connection.sock = plain
            if self._tls is not None:
                secured = self._tls.wrap_socket(plain, server_hostname=self._host, do_handshake_on_connect=False)
                self._socket = stack.enter_context(secured)
                secured.do_handshake()
                connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls)
                connection.sock = secured
            yield stack.enter_context(contextlib.closing(connection))
