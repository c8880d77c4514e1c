"""Tables of Markdown, and the places between markers where they stand in a document."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def line(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def put(document: Path, begin: str, end: str, parts: Iterable[str]) -> None:
    """Put ``parts`` between the markers ``begin`` and ``end``. Raise SystemExit if the document lacks them."""
    text = document.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{document}: needs the lines {begin} and {end}")
    whole = "\n\n".join([begin, *parts, end])
    document.write_text(text[: text.index(begin)] + whole + text[text.index(end) + len(end) :])
