"""Whose pages may open sessions: the ``Origin`` header, which a browser sends and no page can change (RFC 6454)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an ``Origin`` header names the host and port that the request was sent to.

    The scheme is left out: a proxy in front may end TLS.
    """
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


@dataclass(frozen=True)
class Origins:
    """Which origins may open sessions. Our own always may."""

    allowed: Collection[str]
    """``https://isp.example``, in lower case; ``*`` is all."""
    required: bool = False
    """Whether a client that names none is refused: one that is no browser."""

    def is_foreign(self, origin: str, host: str) -> bool:
        """Return whether a page is let in only because every site is: neither ours nor one that the operator named."""
        return bool(origin) and origin.lower() not in self.allowed and not is_same_origin(origin, host)

    def denies(self, origin: str, host: str) -> str | None:
        """Why a client is refused, in words; ``origin`` is empty where it names none. None lets it in."""
        if not origin:
            return "Only pages may open sessions here: send an Origin." if self.required else None
        if "*" in self.allowed or origin.lower() in self.allowed or is_same_origin(origin, host):
            return None
        return "Pages of this site may not open sessions here."
