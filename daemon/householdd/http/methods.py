"""Dispatch by method, with HEAD, OPTIONS and CORS."""

from __future__ import annotations

import http
import re
from collections.abc import Awaitable, Callable, Collection, Mapping

from websockets.http11 import Request, Response

from householdd.http import responses
from householdd.http.headers import header

Handler = Callable[[], Awaitable[Response | None]]
"""None lets the request become a WebSocket."""

Methods = Mapping[str, Handler]
"""HEAD and OPTIONS are derived."""

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
"""RFC 9110, section 9, and RFC 5789; others get 501."""

PREFLIGHT_MAX_AGE_S = 600
"""Seconds for which a browser may cache a preflight."""

_FIELD_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1024}")


async def answer(request: Request, methods: Methods) -> Response | None:
    """Answer a request; 404 if the path has no methods."""
    if request.method not in KNOWN_METHODS:
        message = f"Method {request.method[:32]} is not supported."
        return responses.text(http.HTTPStatus.NOT_IMPLEMENTED, message)
    if request.method == "OPTIONS" and request.path == "*":
        return responses.empty(http.HTTPStatus.NO_CONTENT, {"Allow": allowed(["GET"])})
    if not methods:
        return responses.text(http.HTTPStatus.NOT_FOUND, "Not found.")
    if request.method == "OPTIONS":
        return responses.empty(http.HTTPStatus.NO_CONTENT, {"Allow": allowed(methods)})
    # The connection omits the body.
    method = "GET" if request.method == "HEAD" else request.method
    handler = methods.get(method)
    if handler is None:
        message = f"Allowed methods: {allowed(methods)}."
        return responses.text(http.HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": allowed(methods)})
    return await handler()


def allowed(methods: Collection[str]) -> str:
    heads = ["HEAD"] if "GET" in methods else []
    return ", ".join([*methods, *heads, "OPTIONS"])


def allow_origins(request: Request, response: Response, allowed_origins: Collection[str]) -> None:
    """Let pages read a response (CORS); ``*`` allows all."""
    if "Vary" not in response.headers:
        response.headers["Vary"] = "Origin"
    origin = header(request, "Origin")
    if not origin or not (origin in allowed_origins or "*" in allowed_origins):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        _add_preflight(request, response)


def _add_preflight(request: Request, response: Response) -> None:
    headers = response.headers
    if "Allow" in headers:
        headers["Access-Control-Allow-Methods"] = headers["Allow"]
    wanted = header(request, "Access-Control-Request-Headers")
    if _FIELD_NAMES.fullmatch(wanted):
        headers["Access-Control-Allow-Headers"] = wanted
    if header(request, "Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
