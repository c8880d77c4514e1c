"""Orders, pages and page tokens.

A token holds the place of the last row, so pages of workers can be merged, and do not shift when sessions open or
close.
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
    """Named in ``field``."""

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
    """Field names, each with ``desc`` or not; ties are broken by the id."""

    parts: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, text: str) -> SortOrder:
        """Parse ``sent_bytes desc, opened_at``; empty means ``opened_at``. Raise PagingError."""
        parts: list[tuple[str, bool]] = []
        for part in (text or "opened_at").split(","):
            name, _, direction = part.strip().partition(" ")
            if direction.strip() not in ("", "asc", "desc"):
                raise PagingError("order_by", f"after {name} only asc or desc is allowed, not {direction.strip()!r}")
            try:
                named(name, LIVE_FIELDS)
            except ValueError as error:
                raise PagingError("order_by", str(error)) from None
            parts.append((name, direction.strip() == "desc"))
        return cls((*parts, ("id", False)))

    def values(self, session: pb.Session) -> list[Any]:
        return [FIELDS[name].get(session) for name, _ in self.parts]

    def key(self, values: list[Any]) -> list[Any]:
        """Return a key that sorts places."""
        descending = (desc for _, desc in self.parts)
        return [_Descending(value) if desc else value for value, desc in zip(values, descending, strict=True)]


Placed = tuple[list[Any], pb.Session]
"""Place and session."""


@dataclass(frozen=True)
class PageRequest:
    """Checked request for live sessions."""

    size: int
    order: SortOrder
    after: list[Any] | None
    """Place of the previous page's last session."""
    digest: str
    """Digest of filter and order."""

    @classmethod
    def parse(cls, size: int, token: str, filter_text: str, order_by: str) -> PageRequest:
        """Raise PagingError."""
        page_size = _page_size(size)
        order = SortOrder.parse(order_by)
        digest = hashlib.sha256(json.dumps([filter_text, order.parts]).encode()).hexdigest()[:16]
        after = _read_token(token, digest, order) if token else None
        return cls(page_size, order, after, digest)

    def page(self, sessions: Iterable[pb.Session]) -> tuple[list[pb.Session], str]:
        """Return the page, and the next page's token, empty at the end."""
        return self.page_of([self.placed(session) for session in sessions])

    def placed(self, session: pb.Session) -> Placed:
        return self.order.key(self.order.values(session)), session

    def page_of(self, placed: list[Placed]) -> tuple[list[pb.Session], str]:
        """Like ``page`` for known places."""
        if self.after is not None:
            start = self.order.key(self.after)
            placed = [each for each in placed if each[0] > start]
        placed = sorted(placed, key=lambda each: each[0])
        page = [session for _, session in placed[: self.size]]
        return page, self.token(page[-1]) if len(placed) > self.size else ""

    def token(self, last: pb.Session) -> str:
        return _encode([self.digest, self.order.values(last)])


def _read_token(token: str, digest: str, order: SortOrder) -> list[Any]:
    try:
        found, values = _decode(token)
        whole = len(values) == len(order.parts) and all(
            isinstance(value, str if isinstance(FIELDS[name].get(pb.Session()), str) else int | float)
            for value, (name, _) in zip(values, order.parts, strict=True)
        )
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise PagingError("page_token", "not a token of this daemon; ask for the first page without one") from None
    if found != digest or not whole:
        raise PagingError("page_token", "made for another filter or order_by; ask for the first page without one")
    return list(values)


Place = tuple[float, str]
"""Time and id."""


@dataclass(frozen=True)
class KeysetRequest:
    """Checked request for rows, newest first."""

    size: int
    after: Place | None
    """Place of the previous page's last row."""
    digest: str
    """Digest of list and filter."""

    @classmethod
    def parse(cls, what: str, size: int, token: str, filter_text: str) -> KeysetRequest:
        """Raise PagingError."""
        page_size = _page_size(size)
        digest = hashlib.sha256(json.dumps([what, filter_text]).encode()).hexdigest()[:16]
        return cls(page_size, _read_keyset_token(token, digest) if token else None, digest)

    def token(self, last: Place) -> str:
        return _encode([self.digest, *last])


def _read_keyset_token(token: str, digest: str) -> Place:
    try:
        found, at, row_id = _decode(token)
        place = float(at), str(row_id)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise PagingError("page_token", "not a token of this daemon; ask for the first page without one") from None
    if found != digest:
        raise PagingError("page_token", "made for another list or filter; ask for the first page without one")
    return place


def _page_size(size: int) -> int:
    if not 0 <= size <= MAX_PAGE_SIZE:
        raise PagingError(
            "page_size", f"{size} is out of range; allowed is 0 to {MAX_PAGE_SIZE}, 0 means {DEFAULT_PAGE_SIZE}"
        )
    return size or DEFAULT_PAGE_SIZE


def _encode(token: list[Any]) -> str:
    text = json.dumps(token, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
