"""HTTP responses of the data plane's port."""

from __future__ import annotations

import http
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.dataplane.headers import header, items
from householdd.dataplane.static_files import StaticFile


def text(status: http.HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """Plain text."""
    return _response(status, f"{words}\n".encode(), "text/plain; charset=utf-8", headers)


def data(
    request: Request,
    value: Mapping[str, Any] | msgspec.Raw,
    allowed_origins: Iterable[str],
    status: http.HTTPStatus = http.HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON, readable for pages of the allowed origins; ``*`` among them allows every page."""
    always = {"Vary": "Origin", **(headers or {})}
    response = _response(status, msgspec.json.encode(value), "application/json", always)
    origin = header(request, "Origin")
    allowed = set(allowed_origins)
    if origin and (origin in allowed or "*" in allowed):
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


def file(request: Request, static: StaticFile) -> Response:
    """A file of the page, or 304 where the browser has it."""
    headers = {"ETag": static.etag, "Content-Security-Policy": static.policy, "Vary": "Accept-Encoding"}
    if static.etag in items(request, "If-None-Match"):
        return _response(http.HTTPStatus.NOT_MODIFIED, b"", static.content_type, headers)
    if static.gzipped is not None and "gzip" in items(request, "Accept-Encoding"):
        headers["Content-Encoding"] = "gzip"
        return _response(http.HTTPStatus.OK, static.gzipped, static.content_type, headers)
    return _response(http.HTTPStatus.OK, static.body, static.content_type, headers)


def _response(
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
                "Connection": "close",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                **(headers or {}),
            },
        ),
        body,
    )
