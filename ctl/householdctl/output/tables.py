"""Tables and lists of facts, for people."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from householdctl.output.serialize import Tagged
from householdctl.output.terminal import note, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.text import Text

T = TypeVar("T")

# Text with styles. rich is slow to import, and used for colours only.
Pieces = list[tuple[str, str]]

MIN_ID_LENGTH = 8
"""In characters."""

_GAP = 2

_STYLES = {
    "ACTIVE": "green",
    "LIVE": "green",
    "SERVING": "green",
    "READY": "green",
    "QUIET": "yellow",
    "FROZEN": "yellow",
    "STARTING": "yellow",
    "DRAINING": "yellow",
    "SILENT": "red",
    "BACKOFF": "red",
    "UNRESPONSIVE": "red",
    "UNREACHABLE": "red",
    "STOPPING": "red",
    "FAILING": "red",
    "NOT_SERVING": "red",
}


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column of a table.

    A narrow terminal omits the highest ``rank`` first, 0 never. ``wide`` columns are for ``-o wide`` only, where
    ``full`` replaces ``text``. ``ids`` are cut to unique beginnings. ``field`` is the name in filters.
    """

    header: str
    text: Callable[[T], str]
    right: bool = False
    rank: int = 0
    wide: bool = False
    full: Callable[[T], str] | None = None
    ids: bool = False
    field: str = ""

    def cells(self, items: Sequence[T], *, wide: bool) -> list[str]:
        if wide:
            return [printable((self.full or self.text)(item)) for item in items]
        texts = [printable(self.text(item)) for item in items]
        return _unique_beginnings(texts) if self.ids else texts


@dataclass(frozen=True)
class Table(Generic[T]):
    """Items in columns."""

    columns: Sequence[Column[T]]
    items: Iterable[T]

    def print(self, *, wide: bool = False, headers: bool = True) -> None:
        """Print; a narrow terminal gets fewer columns, uncut, and a note."""
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() and not wide else None
        lines, left_out = self._lines(wide=wide, headers=headers, width=width, widest=None)
        if left_out:
            note(f"the terminal is too narrow for {', '.join(left_out)}")
        _print_lines(lines)

    def lines(
        self,
        *,
        wide: bool = False,
        headers: bool = True,
        width: int | None = None,
        widest: dict[str, int] | None = None,
    ) -> list[Text]:
        """Return lines with the columns that fit into ``width``.

        ``widest`` remembers widths, which keeps a redrawn table steady.
        """
        lines, _ = self._lines(wide=wide, headers=headers, width=width, widest=widest)
        return [text(line) for line in lines]

    def _lines(
        self, *, wide: bool, headers: bool, width: int | None, widest: dict[str, int] | None
    ) -> tuple[list[Pieces], list[str]]:
        """Return lines, and headers that do not fit."""
        columns = [column for column in self.columns if wide or not column.wide]
        header = [column.header for column in columns]
        items = list(self.items)
        cells = [header] if headers else []
        cells += map(list, zip(*(column.cells(items, wide=wide) for column in columns), strict=True))
        if not cells:
            return [], []
        widths = [max(map(_cells, texts)) for texts in zip(*cells, strict=True)]
        if widest is not None:
            widths = [max(each, widest.get(name, 0)) for name, each in zip(header, widths, strict=True)]
            widest.update(zip(header, widths, strict=True))
        shown = list(range(len(columns)))
        if width is not None:
            shown = fitting(widths, [column.rank for column in columns], width)
        lines = [_line(row, widths, shown, columns, bold=row is header) for row in cells]
        return lines, [name for index, name in enumerate(header) if index not in shown]


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    facts: Sequence[tuple[str, str]]

    def print(self, *, wide: bool = False, headers: bool = True) -> None:
        del wide, headers
        width = max((len(name) for name, _ in self.facts), default=0)
        lines = []
        for name, value in self.facts:
            lines.append([(name, "bold"), (" " * (width - len(name) + _GAP), ""), (printable(value), style(value))])
        _print_lines(lines)


@dataclass(frozen=True)
class Lines:
    """Lines to copy, below a heading."""

    heading: str
    lines: Sequence[str]

    def print(self, *, wide: bool = False, headers: bool = True) -> None:
        del wide, headers
        _print_lines([[(printable(self.heading), "bold")], *([(f"  {printable(line)}", "")] for line in self.lines)])


class Sections:
    """Several views."""

    def __init__(self, *views: Table[Any] | Facts | Lines) -> None:
        self._views = views

    def print(self, *, wide: bool = False, headers: bool = True) -> None:
        for index, view in enumerate(self._views):
            if index:
                print()
            view.print(wide=wide, headers=headers)


def style(word: str) -> str:
    return _STYLES.get(word, "")


def text(pieces: Pieces) -> Text:
    from rich.text import Text

    return Text.assemble(*pieces)


def with_target(columns: Sequence[Column[T]]) -> list[Column[Tagged]]:
    """Put the daemon in front."""
    return [Column("TARGET", lambda tagged: tagged.target), *map(_of_message, columns)]


def _of_message(column: Column[T]) -> Column[Tagged]:
    full = column.full or column.text
    return Column(
        column.header,
        lambda tagged: column.text(tagged.message),
        right=column.right,
        rank=column.rank,
        wide=column.wide,
        full=lambda tagged: full(tagged.message),
        ids=column.ids,
    )


def _unique_beginnings(texts: Sequence[str]) -> list[str]:
    """Return the shortest beginnings, of one length, that tell ids apart."""
    different = set(texts)
    length = MIN_ID_LENGTH
    while len({text[:length] for text in different}) < len(different):
        length += 1
    # A UUID's trailing dash adds nothing.
    return [text[:length].rstrip("-") or text for text in texts]


def fitting(widths: Sequence[int], ranks: Sequence[int], width: int) -> list[int]:
    """Return the columns that fit; the highest ranks go first."""
    shown = list(range(len(widths)))
    while sum(widths[index] + _GAP for index in shown) - _GAP > width:
        dearest = max(shown, key=ranks.__getitem__)
        if ranks[dearest] == 0:
            break
        shown.remove(dearest)
    return shown


def _line(
    row: Sequence[str], widths: Sequence[int], shown: Sequence[int], columns: Sequence[Column[T]], *, bold: bool
) -> Pieces:
    line: Pieces = []
    for index in shown:
        fill = " " * (widths[index] - _cells(row[index]))
        cell = (row[index], "bold" if bold else style(row[index]))
        last = index == shown[-1]
        gap = "" if last else " " * _GAP
        line += [(fill, ""), cell, (gap, "")] if columns[index].right else [cell, ("" if last else fill + gap, "")]
    return line


def _cells(string: str) -> int:
    if string.isascii():
        return len(string)
    from rich.cells import cell_len

    return cell_len(string)


def _print_lines(lines: Sequence[Pieces]) -> None:
    if not (sys.stdout.isatty() or "FORCE_COLOR" in os.environ):
        for line in lines:
            print("".join(piece for piece, _ in line).rstrip())
        return
    from rich.console import Console

    # rich's own tables are slow and wrap or cut text; soft_wrap leaves long lines to the terminal.
    console = Console(highlight=False)
    for line in lines:
        console.print(text(line), soft_wrap=True)
