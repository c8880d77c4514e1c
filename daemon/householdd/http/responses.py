"""Values of HTTP responses, and what each of them carries."""

from __future__ import annotations

import http
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.http.headers import items
from householdd.http.static_files import StaticFile


@dataclass
class Stream(Response):
    """A response whose body is written piece by piece, after its head."""

    send: Callable[[], Awaitable[None]] | None = None
    """Write the body to the connection's transport, within bounds of its own, in time too."""


def text(status: http.HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return plain text."""
    return response(status, f"{words}\n".encode(), "text/plain; charset=utf-8", headers)


def response(
    status: http.HTTPStatus, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with what every one has."""
    return Response(
        status.value,
        status.phrase,
        Headers(
            {
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
                "Cache-Control": "no-cache",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                **(headers or {}),
            },
        ),
        body,
    )


def data(
    value: Mapping[str, Any] | msgspec.Raw,
    status: http.HTTPStatus = http.HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON."""
    return response(status, msgspec.json.encode(value), "application/json", headers)


def file(request: Request, static: StaticFile) -> Response:
    """A file of the page, or 304 where the browser has it."""
    headers = {"ETag": static.etag, "Content-Security-Policy": static.policy, "Vary": "Accept-Encoding"}
    if static.etag in items(request, "If-None-Match"):
        return empty(http.HTTPStatus.NOT_MODIFIED, headers)
    if static.gzipped is not None and "gzip" in items(request, "Accept-Encoding"):
        headers["Content-Encoding"] = "gzip"
        return response(http.HTTPStatus.OK, static.gzipped, static.content_type, headers)
    return response(http.HTTPStatus.OK, static.body, static.content_type, headers)


def empty(status: http.HTTPStatus, headers: Mapping[str, Any] | None = None) -> Response:
    """Return a response that has no body by its status, such as 204."""
    return Response(status.value, status.phrase, Headers({"Cache-Control": "no-cache", **(headers or {})}))


def serialize(answer: Response, method: str | None, server: str | None) -> bytes:
    """Return the bytes of a response to ``method``, which is None where no request was understood."""
    headers = answer.headers
    headers["Date"] = formatdate(usegmt=True)
    if server is not None:
        headers["Server"] = server
    headers["Connection"] = "close"
    body = answer.body
    if method == "HEAD":
        answer.body = b""
    data = answer.serialize()
    answer.body = body
    return data
