"""Errors of opening a session."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import InvalidMessage, InvalidStatus, ProxyError, WebSocketException

from householdctl.data_plane.find_server import proxy_name
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.data_plane.server_url import Server

OPEN_ERRORS = (OSError, WebSocketException)
"""TimeoutError is an OSError."""

_MAX_WORDS_BYTES = 300
# OpenSSL's reasons for a peer without TLS.
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING"}


def no_session(server: Server, error: Exception) -> CommandError:
    where = f"no session at {server.websocket_url}"
    if server.proxy is not None:
        where += f" through the proxy {proxy_name(server.proxy)}"
    code = ExitCode.FAILURE if isinstance(error, InvalidStatus) else ExitCode.UNREACHABLE
    reason, *hints = _explain(server, error)
    return CommandError(code, f"{where}: {reason}", *hints)


def _explain(server: Server, error: Exception) -> list[str]:
    explained = [describe_failure(error)]
    if isinstance(error, InvalidStatus):
        explained = _refused(server, error)
    elif isinstance(error, ssl.SSLCertVerificationError):
        explained.append("trust its certificate authority: --ca FILE, or any certificate: --insecure")
    elif isinstance(error, ProxyError):
        explained.append("connect directly: no_proxy=HOST")
    elif server.context is not None and _speaks_no_tls(error):
        explained = ["the server does not speak TLS", f"try {_page_url(server, 'http')}"]
    elif isinstance(error, InvalidMessage):
        hung_up = isinstance(error.__cause__, EOFError)
        explained = ["the connection was closed without an answer" if hung_up else "the server does not speak HTTP"]
        if server.context is None:
            explained.append(f"it may require TLS: try {_page_url(server, 'https')}")
    elif isinstance(error, TimeoutError):
        explained = ["no answer in time", "wait longer: --timeout SECONDS"]
    elif isinstance(error, ConnectionRefusedError):
        explained.append("check the port: householdctl health shows where a daemon listens")
    return explained


def _page_url(server: Server, scheme: str) -> str:
    return urlunsplit((scheme, urlsplit(server.websocket_url).netloc, "/", "", ""))


def _speaks_no_tls(error: Exception) -> bool:
    # Later resets are InvalidMessage.
    return isinstance(error, ConnectionResetError) or (isinstance(error, ssl.SSLError) and error.reason in _NO_TLS)


def _refused(server: Server, error: InvalidStatus) -> list[str]:
    """Explain a refusing HTTP response."""
    response = error.response
    path = urlsplit(server.websocket_url).path
    hints = {
        HTTPStatus.NOT_FOUND.value: f"is {path} the right path?",
        HTTPStatus.UNAUTHORIZED.value: "give the access token: householdctl test --token TOKEN",
        HTTPStatus.OK.value: f"is {path} the right path? A proxy may not forward WebSockets",
    }
    location = response.headers.get("Location", "")
    if location.isprintable() and location:
        hint = f"it redirects; try {location}"
    else:
        hint = hints.get(response.status_code, "see householdctl health")
    answer = f"{response.status_code} {response.reason_phrase}".rstrip()
    words = (response.body or b"")[:_MAX_WORDS_BYTES].decode(errors="replace").strip()
    # An unknown server's text must be printable and not HTML.
    answer += f": {words}" if words.isprintable() and words and not words.startswith("<") else ""
    return [f"the server answered {answer}", hint]
