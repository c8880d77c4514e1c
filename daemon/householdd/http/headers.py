"""Paths and headers of requests."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from websockets.http11 import Request


def path_of(target: str) -> str:
    """Return the decoded path without the query; the target unchanged if it is no URL."""
    try:
        return unquote(urlsplit(target).path)
    except ValueError:
        return target


def header(request: Request, name: str) -> str:
    """Return an empty text if absent; join if repeated (RFC 9110, section 5.3)."""
    return ", ".join(request.headers.get_all(name))


def items(request: Request, name: str) -> list[str]:
    """RFC 9110, section 5.6.1."""
    return [item.strip() for item in header(request, name).split(",")]


def wants_websocket(request: Request) -> bool:
    return request.method == "GET" and "websocket" in (item.lower() for item in items(request, "Upgrade"))


def has_body(request: Request) -> bool:
    return "Transfer-Encoding" in request.headers or set(request.headers.get_all("Content-Length")) - {"0"} != set()
