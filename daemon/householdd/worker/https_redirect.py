"""Responses that send a client from HTTP to HTTPS."""

from __future__ import annotations

import http

from websockets.http11 import Request, Response

from householdd.http.headers import header, wants_websocket
from householdd.http.responses import text


def require_tls(request: Request) -> Response:
    """Answer plain HTTP on a port with TLS: redirect a page load to the same address by HTTPS, refuse the rest."""
    if request.method in {"GET", "HEAD"} and header(request, "Host") and not wants_websocket(request):
        return redirect(header(request, "Host"), request)
    words = "This port speaks HTTPS and WSS: begin the address with https:// or wss://."
    return text(http.HTTPStatus.BAD_REQUEST, words)


def redirect(host: str, request: Request) -> Response:
    """Redirect to the same path at ``host``, which may have a port."""
    path = request.path if request.path.startswith("/") else "/"
    url = f"https://{host}{path}"
    # 308 keeps the method, which 301 does not.
    return text(http.HTTPStatus.PERMANENT_REDIRECT, f"This page is at {url}", {"Location": url})
