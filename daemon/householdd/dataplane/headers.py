"""Request headers of clients, who may send any of them any number of times."""

from __future__ import annotations

from websockets.http11 import Request


def header(request: Request, name: str) -> str:
    """The header's value; empty where there is none, joined where there are several (RFC 9110 section 5.3)."""
    return ", ".join(request.headers.get_all(name))


def items(request: Request, name: str) -> list[str]:
    """The members of a header that is a list (RFC 9110 section 5.6.1)."""
    return [item.strip() for item in header(request, name).split(",")]
