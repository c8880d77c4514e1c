"""Paths and headers of requests. A client may send any header any number of times."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from websockets.http11 import Request


def path_of(target: str) -> str:
    """Return the path, percent-decoded and without the query; the target unchanged if it is not a URL."""
    try:
        return unquote(urlsplit(target).path)
    except ValueError:
        return target


def header(request: Request, name: str) -> str:
    """Return the header's value; empty if absent, joined if repeated (RFC 9110, section 5.3)."""
    return ", ".join(request.headers.get_all(name))


def items(request: Request, name: str) -> list[str]:
    """Return the members of a list header (RFC 9110, section 5.6.1)."""
    return [item.strip() for item in header(request, name).split(",")]


def wants_websocket(request: Request) -> bool:
    """Return whether the client requests an upgrade to WebSocket."""
    return request.method == "GET" and "websocket" in (item.lower() for item in items(request, "Upgrade"))


def has_body(request: Request) -> bool:
    """Return whether a body follows the head (RFC 9112, section 6.3)."""
    return "Transfer-Encoding" in request.headers or set(request.headers.get_all("Content-Length")) - {"0"} != set()
