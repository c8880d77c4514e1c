"""Pages of what lies in a database, newest first: a token holds time and id of the last row of a page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from householdd.api.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, PagingError

Place = tuple[float, str]


@dataclass(frozen=True)
class KeysetRequest:
    """A checked request for a page."""

    size: int
    after: Place | None
    """The place of the last row of the page before; None for the first page."""
    digest: str
    """Ties a token to the list and filter that it was made for."""

    @classmethod
    def parse(cls, what: str, size: int, token: str, filter_text: str) -> KeysetRequest:
        """Checks the fields of a request for ``what``. Raises PagingError."""
        if not 0 <= size <= MAX_PAGE_SIZE:
            raise PagingError(
                "page_size", f"{size} is out of range; allowed is 0 to {MAX_PAGE_SIZE}, 0 means {DEFAULT_PAGE_SIZE}"
            )
        digest = hashlib.sha256(json.dumps([what, filter_text]).encode()).hexdigest()[:16]
        return cls(size or DEFAULT_PAGE_SIZE, _read(token, digest) if token else None, digest)

    def token(self, last: Place) -> str:
        """The token of the page behind ``last``."""
        text = json.dumps([self.digest, *last], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str, digest: str) -> Place:
    try:
        found, at, row_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        place = float(at), str(row_id)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise PagingError("page_token", "not a token of this daemon; ask for the first page without one") from None
    if found != digest:
        raise PagingError("page_token", "made for another list or filter; ask for the first page without one")
    return place
