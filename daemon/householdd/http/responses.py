"""HTTP responses."""

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
    """Response whose body is written after its head."""

    send: Callable[[], Awaitable[None]] | None = None
    """Bounded in size and time."""


def text(status: http.HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return response(status, f"{message}\n".encode(), "text/plain; charset=utf-8", headers)


def response(
    status: http.HTTPStatus, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> Response:
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
    return response(status, msgspec.json.encode(value), "application/json", headers)


def file(request: Request, static: StaticFile) -> Response:
    """Return a file, or 304."""
    headers = {"ETag": static.etag, "Content-Security-Policy": static.policy, "Vary": "Accept-Encoding"}
    if static.etag in items(request, "If-None-Match"):
        return empty(http.HTTPStatus.NOT_MODIFIED, headers)
    if static.gzipped is not None and "gzip" in items(request, "Accept-Encoding"):
        headers["Content-Encoding"] = "gzip"
        return response(http.HTTPStatus.OK, static.gzipped, static.content_type, headers)
    return response(http.HTTPStatus.OK, static.body, static.content_type, headers)


def empty(status: http.HTTPStatus, headers: Mapping[str, Any] | None = None) -> Response:
    """Return a response for statuses without a body, such as 204."""
    return Response(status.value, status.phrase, Headers({"Cache-Control": "no-cache", **(headers or {})}))


def serialize(answer: Response, method: str | None, server: str | None) -> bytes:
    """Return the bytes; ``method`` is None if the request was malformed."""
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
