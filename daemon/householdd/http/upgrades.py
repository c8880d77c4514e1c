"""WebSocket opening handshakes (RFC 6455, section 4.2.1)."""

from __future__ import annotations

import base64
import binascii
import http

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.http import responses
from householdd.http.headers import has_body, header, items, wants_websocket

_KEY_BYTES = 16
_NEEDED = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")


def fault(request: Request) -> Response | None:
    """Return the response to an invalid upgrade."""
    if (message := _missing(request)) is not None:
        headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        return responses.text(http.HTTPStatus.UPGRADE_REQUIRED, message, headers)
    if not _is_key(header(request, "Sec-WebSocket-Key")):
        return responses.text(http.HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in Base64.")
    if has_body(request):
        return responses.text(http.HTTPStatus.BAD_REQUEST, "A request for a WebSocket has no body.")
    return None


def head(request: Request) -> bytes:
    """Return the head for the library, without what it ignores."""
    headers = Headers({name: header(request, name) for name in _NEEDED})
    return Request("/", headers).serialize()


def _missing(request: Request) -> str | None:
    if not wants_websocket(request):
        return "WebSockets only; the request has no Upgrade: websocket."
    if request.protocol != "HTTP/1.1":
        return "A WebSocket needs HTTP/1.1. A proxy in between uses HTTP/1.0."
    if "upgrade" not in (item.lower() for item in items(request, "Connection")):
        return "The request has no Connection: Upgrade. A proxy in between has removed it."
    if header(request, "Sec-WebSocket-Version") != "13":
        return "Only WebSocket version 13 is supported."
    return None


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode(), validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
