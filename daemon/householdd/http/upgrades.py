"""WebSocket opening handshakes (RFC 6455, section 4.2.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import http
from email.utils import formatdate

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.http import responses
from householdd.http.headers import has_body, header, items, wants_websocket

_KEY_BYTES = 16
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""Constant of RFC 6455, section 1.3."""


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


def accept(request: Request, server: str) -> Response:
    """Return the response to a valid upgrade, without extensions or a subprotocol (RFC 6455, section 4.2.2)."""
    key = header(request, "Sec-WebSocket-Key") + _GUID
    headers = {
        "Date": formatdate(usegmt=True),
        "Server": server,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode(),
    }
    return Response(http.HTTPStatus.SWITCHING_PROTOCOLS, "Switching Protocols", Headers(headers))


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
