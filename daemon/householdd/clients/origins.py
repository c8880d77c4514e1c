"""Origins whose pages may open sessions (RFC 6454)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


def is_same_origin(origin: str, host: str) -> bool:
    """Return whether the origin is the request's host and port; a proxy may terminate TLS, so any scheme."""
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


@dataclass(frozen=True)
class Origins:
    """Allowed origins; the server's own always is."""

    allowed: Collection[str]
    """In lower case; ``*`` allows all."""
    required: bool = False
    """Whether clients without an Origin are refused."""

    def is_foreign(self, origin: str, host: str) -> bool:
        return bool(origin) and origin.lower() not in self.allowed and not is_same_origin(origin, host)

    def denies(self, origin: str, host: str) -> str | None:
        """Return why a client is refused; ``origin`` is empty if it sends none."""
        if not origin:
            return "Only web pages may open sessions here: send an Origin header." if self.required else None
        if "*" in self.allowed or origin.lower() in self.allowed or is_same_origin(origin, host):
            return None
        return "Pages of this site may not open sessions here."
