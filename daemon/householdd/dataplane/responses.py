"""JSON and files as HTTP responses."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any

import msgspec
from websockets.http11 import Request, Response

from householdd.http import responses
from householdd.http.headers import items
from householdd.http.static_files import StaticFile


def data(
    value: Mapping[str, Any] | msgspec.Raw,
    status: http.HTTPStatus = http.HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON."""
    return responses.response(status, msgspec.json.encode(value), "application/json", headers)


def file(request: Request, static: StaticFile) -> Response:
    """A file of the page, or 304 where the browser has it."""
    headers = {"ETag": static.etag, "Content-Security-Policy": static.policy, "Vary": "Accept-Encoding"}
    if static.etag in items(request, "If-None-Match"):
        return responses.empty(http.HTTPStatus.NOT_MODIFIED, headers)
    if static.gzipped is not None and "gzip" in items(request, "Accept-Encoding"):
        headers["Content-Encoding"] = "gzip"
        return responses.response(http.HTTPStatus.OK, static.gzipped, static.content_type, headers)
    return responses.response(http.HTTPStatus.OK, static.body, static.content_type, headers)
