"""Origins whose pages may open sessions: the ``Origin`` header, which pages cannot forge (RFC 6454)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


def is_same_origin(origin: str, host: str) -> bool:
    """Return whether an ``Origin`` header names the host and port of the request.

    The scheme is ignored, because a proxy in front may terminate TLS.
    """
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


@dataclass(frozen=True)
class Origins:
    """Origins that may open sessions; the server's own always may."""

    allowed: Collection[str]
    """Such as ``https://isp.example``, in lower case; ``*`` allows all."""
    required: bool = False
    """Whether clients that send no Origin, that is, other than browsers, are refused."""

    def is_foreign(self, origin: str, host: str) -> bool:
        """Return whether an origin is allowed only by ``*``: neither ours nor named by the operator."""
        return bool(origin) and origin.lower() not in self.allowed and not is_same_origin(origin, host)

    def denies(self, origin: str, host: str) -> str | None:
        """Return why a client is refused, or None; ``origin`` is empty if it sends none."""
        if not origin:
            return "Only web pages may open sessions here: send an Origin header." if self.required else None
        if "*" in self.allowed or origin.lower() in self.allowed or is_same_origin(origin, host):
            return None
        return "Pages of this site may not open sessions here."
