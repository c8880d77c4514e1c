"""Which methods a row has, and what the others are answered."""

from __future__ import annotations

import http
import re
from collections.abc import Awaitable, Callable, Collection, Mapping

from websockets.http11 import Request, Response

from householdd.http import responses
from householdd.http.headers import header

Handler = Callable[[], Awaitable[Response | None]]
"""Answers a request; None lets it become a WebSocket."""

Methods = Mapping[str, Handler]
"""A row: its handlers by method. HEAD and OPTIONS come by themselves."""

KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
"""RFC 9110 section 9 and RFC 5789. Others are answered 501."""

PREFLIGHT_S = 600
"""Time for which a browser may keep the answer to a preflight."""

_FIELD_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1024}")


async def answer(request: Request, methods: Methods) -> Response | None:
    """Answer a request to a row by its method. A row without methods is not there."""
    if request.method not in KNOWN:
        words = f"The method {request.method[:32]} is not known here."
        return responses.text(http.HTTPStatus.NOT_IMPLEMENTED, words)
    if request.method == "OPTIONS" and request.path == "*":
        return responses.empty(http.HTTPStatus.NO_CONTENT, {"Allow": allowed(["GET"])})
    if not methods:
        return responses.text(http.HTTPStatus.NOT_FOUND, "Not found.")
    if request.method == "OPTIONS":
        return responses.empty(http.HTTPStatus.NO_CONTENT, {"Allow": allowed(methods)})
    # The connection leaves the body out.
    method = "GET" if request.method == "HEAD" else request.method
    handler = methods.get(method)
    if handler is None:
        words = f"Only {allowed(methods)} are answered here."
        return responses.text(http.HTTPStatus.METHOD_NOT_ALLOWED, words, {"Allow": allowed(methods)})
    return await handler()


def allowed(methods: Collection[str]) -> str:
    """Return the methods of a row as ``Allow`` has them."""
    heads = ["HEAD"] if "GET" in methods else []
    return ", ".join([*methods, *heads, "OPTIONS"])


def share(request: Request, response: Response, allowed_origins: Collection[str]) -> None:
    """Let pages of the allowed origins read a response (CORS); ``*`` among them allows every page."""
    if "Vary" not in response.headers:
        response.headers["Vary"] = "Origin"
    origin = header(request, "Origin")
    if not origin or not (origin in allowed_origins or "*" in allowed_origins):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        _permit(request, response)


def _permit(request: Request, response: Response) -> None:
    """Answer a preflight: what the page may send."""
    headers = response.headers
    if "Allow" in headers:
        headers["Access-Control-Allow-Methods"] = headers["Allow"]
    wanted = header(request, "Access-Control-Request-Headers")
    if _FIELD_NAMES.fullmatch(wanted):
        headers["Access-Control-Allow-Headers"] = wanted
    if header(request, "Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
