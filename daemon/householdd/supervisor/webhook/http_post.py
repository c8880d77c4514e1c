"""One HTTP request with a bound on all its parts.

``http.client`` and not a library with more: a thread of our own sends one request at a time, each on a connection of
its own, and redirects, cookies, proxies and bodies of answers are not wanted.
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
"""Seconds from the begin of the connection to the answer's last header."""


class Answer(NamedTuple):
    """What a receiver said."""

    status: int
    retry_after: str | None = None
    """The header, as it came."""


class Poster:
    """Posts JSON to one URL, which has been checked. ``post`` is for one thread, ``abort`` for any."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None, deadline: float = POST_TIMEOUT_S) -> None:
        """``tls`` is by default what the machine trusts."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._deadline = deadline
        self._socket: socket.socket | None = None
        """Set only while a request is under way."""

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer, whose body is not read. Raises OSError or http.client.HTTPException."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.abort()

        # The socket's own timeout begins anew with each byte.
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
        """Makes a request that is under way fail."""
        with contextlib.suppress(OSError):
            if (current := self._socket) is not None:
                # Not that of SSLSocket, which takes the TLS layer away under the feet of the thread that reads.
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
        """Opened here and not by http.client, so that ``abort`` can end each part of it."""
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
