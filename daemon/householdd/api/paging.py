"""Orders, pages and page tokens.

A token holds the last session's place in the order, so a page may be asked of several workers at once and merged, and
sessions that come and go shift nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from household.v1 import session_pb2 as pb
from household_filters.fields import LIVE_FIELDS, named
from householdd.api.fields import FIELDS

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000


class PagingError(ValueError):
    """A page_size, page_token or order_by that is refused: ``field`` is which."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


@total_ordering
class _Descending:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.value == other.value)

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class SortOrder:
    """``order_by``: field names, each with ``desc`` behind it if wanted; the id decides where they tie."""

    parts: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, text: str) -> SortOrder:
        """Reads ``sent_bytes desc, opened_at``; empty is ``opened_at``. Raises PagingError."""
        parts: list[tuple[str, bool]] = []
        for part in (text or "opened_at").split(","):
            name, _, direction = part.strip().partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise PagingError("order_by", f"behind {name} only asc or desc is allowed, not {direction.strip()!r}")
            try:
                named(name, LIVE_FIELDS)
            except ValueError as error:
                raise PagingError("order_by", str(error)) from None
            parts.append((name, direction.strip() == "desc"))
        return cls((*parts, ("id", False)))

    def values(self, session: pb.Session) -> list[Any]:
        """The session's place in the order, as plain values."""
        return [FIELDS[name].get(session) for name, _ in self.parts]

    def key(self, values: list[Any]) -> list[Any]:
        """Sorts as the order says."""
        descending = (desc for _, desc in self.parts)
        return [_Descending(value) if desc else value for value, desc in zip(values, descending, strict=True)]


Placed = tuple[list[Any], pb.Session]
"""A session and its place in an order."""


@dataclass(frozen=True)
class PageRequest:
    """A checked request for a page."""

    size: int
    order: SortOrder
    after: list[Any] | None
    """The place of the last session of the page before; None for the first page."""
    digest: str
    """Ties a token to the filter and order it was made for."""

    @classmethod
    def parse(cls, size: int, token: str, filter_text: str, order_by: str) -> PageRequest:
        """Checks the request's fields. Raises PagingError."""
        if not 0 <= size <= MAX_PAGE_SIZE:
            raise PagingError(
                "page_size", f"{size} is out of range; allowed is 0 to {MAX_PAGE_SIZE}, 0 means {DEFAULT_PAGE_SIZE}"
            )
        order = SortOrder.parse(order_by)
        digest = hashlib.sha256(json.dumps([filter_text, order.parts]).encode()).hexdigest()[:16]
        after = _read_token(token, digest, order) if token else None
        return cls(size or DEFAULT_PAGE_SIZE, order, after, digest)

    def page(self, sessions: Iterable[pb.Session]) -> tuple[list[pb.Session], str]:
        """The page out of ``sessions``, and the token of the next; empty when this is the last."""
        return self.page_of([self.placed(session) for session in sessions])

    def placed(self, session: pb.Session) -> Placed:
        """A session with its place in the order, for ``page_of``."""
        return self.order.key(self.order.values(session)), session

    def page_of(self, placed: list[Placed]) -> tuple[list[pb.Session], str]:
        """The same as ``page``, where the places were found out one by one."""
        if self.after is not None:
            start = self.order.key(self.after)
            placed = [each for each in placed if each[0] > start]
        placed = sorted(placed, key=lambda each: each[0])
        page = [session for _, session in placed[: self.size]]
        return page, self.token(page[-1]) if len(placed) > self.size else ""

    def token(self, last: pb.Session) -> str:
        """The token of the page behind ``last``."""
        text = json.dumps([self.digest, self.order.values(last)], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str, digest: str, order: SortOrder) -> list[Any]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        found, values = decoded
        whole = len(values) == len(order.parts) and all(
            isinstance(value, str if isinstance(FIELDS[name].get(pb.Session()), str) else int | float)
            for value, (name, _) in zip(values, order.parts, strict=True)
        )
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise PagingError("page_token", "not a token of this daemon; ask for the first page without one") from None
    if found != digest or not whole:
        raise PagingError("page_token", "made for another filter or order_by; ask for the first page without one")
    return list(values)
